import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { onTestFinished, type TestContext } from 'vitest'

/**
 * A peer that says whatever bytes it likes once it has heard a request; its `host:port`. Ends with the test; among tests
 * that run at once the test has to say so itself.
 */
export async function startRawServer(
  say: (socket: Socket, request: string) => void,
  whenFinished: TestContext['onTestFinished'] = onTestFinished,
): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      // What follows the head of an upload is no request.
      if (/^[A-Z]+ \//.test(bytes.toString('latin1'))) say(socket, bytes.toString('latin1'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
