import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { ExpectedError } from '../../errors.ts'
import { BodyBudget } from './body/body-budget.ts'
import { SharedChunks } from './body/shared-chunks.ts'
import { limitPerAddress, MAX_CONNECTIONS } from './connections.ts'
import { inTurn } from './in-turn.ts'
import type { AnsweredRequest } from './metrics.ts'
import { sendReply } from './send.ts'
import type { Respond } from './service.ts'

/** A private key and the certificate chain for it, both PEM. */
export interface ServerKeyPair {
  readonly key: string
  readonly cert: string
}

/** Where to listen: an address of this machine (without a host, every one), or a socket that the service manager has opened. */
export type ListenAddress = { readonly host?: string; readonly port: number } | { readonly fd: number }

export interface ListenOptions {
  /** Default: a free port of the loopback interface. */
  readonly endpoint?: ListenAddress
  /** Left out: plain HTTP. */
  readonly tls?: ServerKeyPair | undefined
  readonly onBegin?: () => void
  readonly onEnd?: (exchange: AnsweredRequest) => void
  /** Hears why a request could not be answered. */
  readonly onError?: (error: unknown) => void
}

export interface RunningServer {
  /** `127.0.0.1:5000` */
  readonly address: string
  /** Takes another certificate for the connections to come. */
  replaceTls(tls: ServerKeyPair): void
  /** Stops taking connections, lets answers that are under way end for at most `grace` milliseconds, and closes. */
  close(grace?: number): Promise<void>
}

/** A reader that takes nothing for so many milliseconds has gone. */
const IDLE_TIMEOUT = 120_000
/** Milliseconds that a client has for a whole request, which has no body. */
const HEADERS_TIMEOUT = 20_000
const MAX_HEADERS = 100

/**
 * Answers HTTP requests until it is closed.
 *
 * @throws {ExpectedError} LISTEN_FAILED, TLS_INVALID
 */
export async function listen(respond: Respond, options: ListenOptions = {}): Promise<RunningServer> {
  const { endpoint = { host: '127.0.0.1', port: 0 }, tls, onBegin, onEnd, onError = () => {} } = options
  const server = createFor(tls)
  const [chunks, budget] = [new SharedChunks(), new BodyBudget()]
  let closing = false
  server.maxConnections = MAX_CONNECTIONS
  server.on('connection', limitPerAddress())
  server.setTimeout(IDLE_TIMEOUT)
  server.headersTimeout = HEADERS_TIMEOUT
  server.requestTimeout = HEADERS_TIMEOUT
  server.maxHeadersCount = MAX_HEADERS
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    inTurn(request.socket, async () => {
      onBegin?.()
      if (closing) response.setHeader('connection', 'close')
      const answered = await sendReply(respond, request, response, { chunks, budget, onError })
      onEnd?.(answered)
      if (closing) server.closeIdleConnections()
    })
  })
  await bind(server, endpoint)
  return {
    address: addressOf(server),
    replaceTls: (pair) => 'setSecureContext' in server && server.setSecureContext(pair),
    close: (grace = 0) => {
      closing = true
      return close(server, grace)
    },
  }
}

/** How long the first line and the headers may be together, and how often slow clients are looked for. */
const PARSING = { maxHeaderSize: 16 * 1024, connectionsCheckingInterval: 5_000 }

function createFor(tls: ServerKeyPair | undefined): Server | TlsServer {
  if (!tls) return createServer(PARSING)
  try {
    return createTlsServer({ ...tls, ...PARSING, handshakeTimeout: HEADERS_TIMEOUT })
  } catch (cause) {
    throw new ExpectedError(
      'TLS_INVALID',
      `key and certificate do not make a TLS server: ${(cause as Error).message}`,
      {
        hint: 'Give a PEM certificate and the unencrypted PEM key that belongs to it.',
        cause,
      },
    )
  }
}

const NO_SUCH_HOST = {
  problem: 'no such host',
  hint: 'Write an address of this machine (ip addr shows them), or :PORT for every interface.',
}

const LISTEN_PROBLEMS: Readonly<Record<string, { problem: string; hint: string }>> = {
  ENOTFOUND: NO_SUCH_HOST,
  EAI_AGAIN: NO_SUCH_HOST,
  EADDRINUSE: {
    problem: 'another program listens there',
    hint: 'Choose another port with --listen HOST:PORT, or stop that program; ss -ltnp shows it.',
  },
  EADDRNOTAVAIL: {
    problem: 'this machine has no such address',
    hint: 'Write an address of this machine (ip addr shows them), or :PORT for every interface.',
  },
  EACCES: {
    problem: 'permission denied for this user',
    hint: 'Choose a port above 1023 with --listen HOST:PORT, or run it as root.',
  },
}

function bind(server: Server | TlsServer, endpoint: ListenAddress): Promise<void> {
  const where = 'fd' in endpoint ? `file descriptor ${endpoint.fd}` : `${endpoint.host ?? ''}:${endpoint.port}`
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const { code = '' } = cause
      const { problem = code, hint } = LISTEN_PROBLEMS[code] ?? {}
      reject(
        new ExpectedError('LISTEN_FAILED', `cannot listen on ${where}: ${problem}`, { ...(hint && { hint }), cause }),
      )
    })
    server.listen(endpoint, resolve)
  })
}

function addressOf(server: Server | TlsServer): string {
  const { address, port, family } = server.address() as AddressInfo
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}

async function close(server: Server | TlsServer, grace: number): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), grace)
  await new Promise<void>((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeIdleConnections()
  })
  clearTimeout(deadline)
}
