import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { ExpectedError } from '../errors.ts'
import { answer } from './answer.ts'
import type { RegistryContent } from './content.ts'
import { type Reply, refusal } from './reply.ts'

export interface ListenOptions {
  /** Default: loopback only. */
  readonly host?: string
  /** Default: one that is free. */
  readonly port?: number
}

export interface RunningServer {
  /** `127.0.0.1:5000` */
  readonly address: string
  /** Stops taking connections, lets the answers that are under way end, and closes. */
  close(): Promise<void>
}

/**
 * Serves registry content over HTTP until it is closed.
 *
 * @throws {ExpectedError} LISTEN_FAILED
 */
export async function listen(
  content: RegistryContent,
  { host = '127.0.0.1', port = 0 }: ListenOptions = {},
): Promise<RunningServer> {
  const server = createServer((request, response) => void respond(content, request, response))
  await bind(server, host, port)
  return { address: addressOf(server), close: () => close(server) }
}

async function respond(content: RegistryContent, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headers } = request
  try {
    await send(await answer(content, { method, url, headers }), response)
  } catch (error) {
    // A reader that has gone away is its own affair; anything else must not look like a complete answer.
    if (!response.headersSent) await send(refusal('UNKNOWN', 'internal error'), response)
    else response.destroy(error as Error)
  }
}

async function send({ status, headers, body }: Reply, response: ServerResponse): Promise<void> {
  response.writeHead(status, headers)
  if (body === undefined || body instanceof Uint8Array) response.end(body)
  else await pipeline(body, response)
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new ExpectedError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${cause.code}`, { cause }))
    })
    server.listen({ host, port }, resolve)
  })
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeIdleConnections()
  })
}
