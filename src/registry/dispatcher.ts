import type { OnReadOpts } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { receiveMemory } from './receive-memory.ts'

export interface TransportOptions {
  /** PEM: authorities to trust besides the usual ones. */
  readonly ca?: string
  /** PEM: who we are to a registry that asks for a certificate. */
  readonly client?: { readonly certificate: string; readonly key: string }
  readonly proxy?: ProxyOptions
}

/** As the variables of the environment have it: addresses of proxies, and hosts that need none. */
export interface ProxyOptions {
  readonly http?: string | undefined
  readonly https?: string | undefined
  readonly no?: string | undefined
}

/** Hosts of this machine are never asked through a proxy. */
const LOCAL = 'localhost,127.0.0.1,[::1]'

export interface DispatcherOptions {
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Whether every body is used up before control returns to the event loop, see {@link receiveMemory}. */
  readonly usesUpBodies?: boolean
}

/** The connections of one run. */
export function createDispatcher(
  connection: TransportOptions,
  { connectTimeout, usesUpBodies = false }: DispatcherOptions,
): Dispatcher {
  const { proxy } = connection
  // HTTP/1.1: over one HTTP/2 connection blobs arrive a quarter slower.
  const options = {
    allowH2: false,
    pipelining: 1,
    connect: lazyConnector(connection, connectTimeout, usesUpBodies ? receiveMemory : undefined),
  }
  if (!proxy?.http && !proxy?.https) return new Agent(options)
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: proxy.http ?? '',
    httpsProxy: proxy.https ?? '',
    noProxy: proxy.no ? `${proxy.no},${LOCAL}` : LOCAL,
    // Inside a tunnel undici makes the connection itself.
    requestTls: { secureContext: createContext(connection) },
  })
}

/** Reading all authorities takes a moment, which runs that speak plain http need not wait for. */
function lazyConnector(
  connection: TransportOptions,
  timeout: number,
  memory: (() => OnReadOpts) | undefined,
): buildConnector.connector {
  let secureContext: SecureContext | undefined
  return (options, callback) => {
    if (options.protocol === 'https:') secureContext ??= createContext(connection)
    const connect = buildConnector({
      timeout,
      allowH2: false,
      ...(options.protocol === 'https:' && { secureContext }),
      ...(memory && { onread: memory() }),
    })
    return connect(options, callback)
  }
}

function createContext({ ca, client }: TransportOptions): SecureContext {
  return createSecureContext({
    // The system's store too, as every other container tool has it: a company's authority stands there.
    ca: [...getCACertificates('default'), ...getCACertificates('system'), ...(ca ? [ca] : [])],
    ...(client && { cert: client.certificate, key: client.key }),
  })
}
