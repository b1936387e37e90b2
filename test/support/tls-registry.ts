import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import type { Certificates } from './certificates.ts'
import { type MemoryRegistry, sendError } from './memory-registry.ts'

/**
 * The registry over https, on a port of 127.0.0.1, for callers that show a certificate of the authority, and of each
 * handshake whether it went on with a session. Ends with the test.
 */
export async function startTlsRegistry(
  registry: MemoryRegistry,
  { read }: Certificates,
  { wantsClient = true } = {},
): Promise<{ port: number; handshakes: boolean[] }> {
  const tls = {
    cert: await read('localhost.test.crt'),
    key: await read('localhost.test.key'),
    ca: await read('ca.crt'),
  }
  const server = createServer({ ...tls, requestCert: wantsClient, rejectUnauthorized: false }, (request, response) => {
    if (!wantsClient || showsCertificate(request.socket as TLSSocket)) registry.answer(request, response)
    else sendError(response, 403, 'DENIED')
  })
  const handshakes: boolean[] = []
  server.on('secureConnection', (socket) => handshakes.push(socket.isSessionReused()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, handshakes }
}

/** Node 22 takes whoever comes with a session as authorized, also where the session was made without a certificate. */
function showsCertificate(socket: TLSSocket): boolean {
  return socket.authorized && Object.keys(socket.getPeerCertificate()).length > 0
}
