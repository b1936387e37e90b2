import type { LookupFunction, Socket } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici'
import type { HostSettings } from './host-settings.ts'
import { openHttpTunnel, type ProxySecurity } from './http-tunnel.ts'
import { ProxyError, type ProxyOptions, proxyFor } from './proxy.ts'
import { receiveMemory } from './receive-memory.ts'
import { openSocksTunnel } from './socks-tunnel.ts'

export interface TransportOptions extends Pick<HostSettings, 'ca' | 'clients' | 'skipVerify'> {
  readonly proxies?: ProxyOptions | undefined
}

export interface DispatcherOptions {
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Looks names up in place of the system's own way. */
  readonly lookup?: LookupFunction
  /** Ends connections that are being made. */
  readonly signal?: AbortSignal | undefined
}

/** The connections of one run. */
export function createDispatcher(
  transport: TransportOptions,
  { connectTimeout, lookup, signal }: DispatcherOptions,
): Dispatcher {
  const { proxies = {} } = transport
  const security = lazySecurity(transport)
  // HTTP/1.1: over one HTTP/2 connection blobs arrive a quarter slower.
  const http = { allowH2: false, pipelining: 1, maxHeaderSize: MAX_HEADERS }
  return new Agent({
    ...http,
    connect: connector(security, { timeout: connectTimeout, lookup, signal }),
    factory: (origin, options) => {
      const proxy = proxyFor(new URL(origin), proxies)
      if (!proxy) return new Pool(origin, options as Pool.Options)
      const isSocks = proxy.protocol.startsWith('socks5')
      // A proxy asks for what is plain by itself: it may make tunnels for https alone.
      if (isSocks || origin.toString().startsWith('https:')) {
        const open = isSocks ? openSocksTunnel : openHttpTunnel
        const connect = tunnelConnector(
          (target) => open(proxy, target, { timeout: connectTimeout, signal, security }),
          security,
          connectTimeout,
        )
        return new Pool(origin, { ...(options as Pool.Options), connect })
      }
      const agent = new ProxyAgent({ ...http, uri: proxy.href, connectTimeout, proxyTls: security() })
      return agent.compose(namingProxy(proxy.host))
    },
  })
}

/** Bytes: some proxies add policies and cookies by the dozen. Node's own limit is 16 KiB, that of Go 1 MiB. */
const MAX_HEADERS = 256 * 1024

/** Reading all authorities takes a moment, which runs that speak plain http need not wait for. */
function lazySecurity(transport: TransportOptions): () => ProxySecurity {
  let made: ProxySecurity | undefined
  return () => {
    made ??= { secureContext: createContext(transport), rejectUnauthorized: !transport.skipVerify }
    return made
  }
}

/**
 * Makes connections that receive into memory of their own, see {@link receiveMemory}: whoever takes a body is done with a
 * chunk, or has copied it, before control returns to the event loop.
 */
function connector(
  security: () => ProxySecurity,
  { timeout, lookup, signal }: { timeout: number; lookup: LookupFunction | undefined; signal: AbortSignal | undefined },
): buildConnector.connector {
  /** By host and port, what a further connection begins with: a handshake less. */
  const sessions = new Map<string, Buffer>()
  return (options, callback) => {
    const isSecure = options.protocol === 'https:'
    const key = `${options.hostname}:${options.port}`
    const session = isSecure ? sessions.get(key) : undefined
    const connect = buildConnector({
      timeout,
      allowH2: false,
      onread: receiveMemory(),
      ...(isSecure && security()),
      ...(session && { session }),
      ...(lookup && { lookup }),
    })
    const socket = endWith(signal, connect(options, callback) as unknown as Socket)
    if (isSecure) keepReason(socket).on('session', (fresh: Buffer) => sessions.set(key, fresh))
    return socket
  }
}

/** undici says that a connection was closed, also where the other side had said why by an alert just before. */
function keepReason(socket: Socket): Socket {
  let first: Error | undefined
  return socket.on('error', (error) => {
    if (first) error.cause ??= first
    first ??= error
  })
}

/** undici ends the connections that it has; one that is being made would hold the program up until its time is over. */
function endWith(signal: AbortSignal | undefined, socket: Socket): Socket {
  if (!signal) return socket
  const end = () => socket.destroy(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  return socket.once('close', () => signal.removeEventListener('abort', end))
}

function tunnelConnector(
  open: (target: { readonly hostname: string; readonly port: number }) => Promise<Socket>,
  security: () => ProxySecurity,
  timeout: number,
): buildConnector.connector {
  return (options, callback) => {
    const isSecure = options.protocol === 'https:'
    open({ hostname: options.hostname, port: Number(options.port || (isSecure ? 443 : 80)) }).then(
      (socket) => {
        if (!isSecure) callback(null, socket)
        else buildConnector({ timeout, allowH2: false, ...security() })({ ...options, httpSocket: socket }, callback)
      },
      (error) => callback(error, null),
    )
  }
}

function createContext({ ca = [], clients = [] }: TransportOptions): SecureContext {
  return createSecureContext({
    // The system's store too, as every other container tool has it: a company's authority stands there.
    ca: [...getCACertificates('default'), ...getCACertificates('system'), ...ca],
    cert: clients.map(({ certificate }) => certificate),
    key: clients.map(({ key }) => key),
  })
}

/** Says of the errors of a request that a proxy asks for which are the proxy's own. */
function namingProxy(host: string): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onResponseStart: (controller, status, headers, text) =>
        handler.onResponseStart?.(controller, status, headers, text),
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      // Only the proxy is connected to.
      onResponseError: (controller, error) => handler.onResponseError?.(controller, ofProxy(host, error)),
    })
}

function ofProxy(host: string, error: Error): Error {
  if (error.message.startsWith('Proxy Authentication Required'))
    return new ProxyError(host, { status: 407, cause: error })
  const { code = '' } = error as NodeJS.ErrnoException
  return CONNECTING.test(code) || error.name === 'HTTPParserError' ? new ProxyError(host, { cause: error }) : error
}

const CONNECTING =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPROTO|ERR_SSL_.*|UND_ERR_CONNECT_TIMEOUT)$/
