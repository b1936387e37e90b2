import type { Dispatcher } from 'undici'
import { ExpectedError } from '../../errors.ts'
import { Authorizer } from '../auth/authorizer.ts'
import { parseChallenges } from '../auth/challenge.ts'
import type { FindCredentials } from '../auth/credentials.ts'
import type { FindSettings } from '../config/certificate-files.ts'
import type { Endpoint } from '../config/endpoint.ts'
import type { HostSettings } from '../config/host-settings.ts'
import { createDispatcher, type TransportOptions } from './dispatcher.ts'
import { followRedirects } from './follow-redirects.ts'
import type { Subject } from './network-error.ts'
import { isLasting, networkError } from './network-error.ts'
import { responseError } from './response-error.ts'
import { parseRetryAfter, type RetryOptions, TransientError, withRetries } from './retry.ts'
import { type HttpResponse, StalledError, type Timeouts } from './send-request.ts'

export interface ConnectionOptions extends TransportOptions {
  readonly findCredentials?: FindCredentials
  readonly timeouts?: Timeouts
  readonly retry?: RetryOptions
  /** Settings for single hosts, where the endpoint has none. */
  readonly findSettings?: FindSettings
  /** Ends everything, with its reason as the error. */
  readonly signal?: AbortSignal
}

/** What a request to an endpoint is sent with. */
export interface Sending {
  readonly dispatcher: Dispatcher
  readonly headers: Readonly<Record<string, string | string[]>>
}

export interface Attempts {
  /** Instead of the connection's own. */
  readonly retry?: RetryOptions
  /** How far things are: an attempt that got further starts the count anew. */
  readonly progress?: (() => number) | undefined
  /** The server let us wait. */
  readonly onStalled?: () => void
}

/** Answers that another try may change. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * What every client needs of registries: connections, the authorization that they ask for, and which failures another
 * try may mend. Close it.
 */
export class Connection {
  /** For addresses that are no registry's. */
  readonly dispatcher: Dispatcher
  readonly timeouts: Timeouts
  readonly retry: RetryOptions
  readonly #options: ConnectionOptions
  readonly #usesUpBodies: boolean
  readonly #dispatchers = new Map<HostSettings, Dispatcher>()
  /** By host, whether https is spoken there. */
  readonly #secure = new Map<string, Promise<boolean>>()
  readonly #authorizer: Authorizer
  readonly #stopping = new AbortController()

  /** `actions` are what tokens are asked for. */
  constructor(options: ConnectionOptions, actions: 'pull' | 'pull,push') {
    this.#options = options
    this.timeouts = options.timeouts ?? { headTimeout: 30_000, bodyTimeout: 30_000 }
    this.retry = options.retry ?? { attempts: 6, delay: 250 }
    // What an upload is answered is kept until it is whole.
    this.#usesUpBodies = actions === 'pull'
    this.dispatcher = createDispatcher(options, {
      connectTimeout: this.timeouts.headTimeout,
      usesUpBodies: this.#usesUpBodies,
    })
    this.#authorizer = new Authorizer(
      options.findCredentials ?? (async () => undefined),
      async (endpoint, request) => followRedirects(await this.#dispatcherFor(endpoint), request, this.timeouts),
      actions,
    )
    options.signal?.addEventListener('abort', () => this.#stop(options.signal?.reason), { once: true })
    if (options.signal?.aborted) this.#stop(options.signal.reason)
  }

  /** Aborted when the connection is closed, or ended from outside. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  /**
   * Sends a request with the authorization that is known to be needed, and once more with what a 401 asks for. To
   * another host than the endpoint's goes none.
   */
  async ask(endpoint: Endpoint, url: URL, send: (sending: Sending) => Promise<HttpResponse>): Promise<HttpResponse> {
    if (url.origin !== endpoint.base.origin) return send({ dispatcher: this.dispatcher, headers: {} })
    const dispatcher = await this.#dispatcherFor(endpoint)
    const sendWith = (authorization: Record<string, string>) =>
      send({ dispatcher, headers: { ...endpoint.settings?.headers, ...authorization } })
    const authorization = await this.#authorizer.header(endpoint)
    const response = await sendWith(authorization)
    // A 401 from where a redirect led is not the registry's question: nothing of ours is answered there.
    if (response.status !== 401 || response.url.origin !== url.origin) return response
    const challenges = parseChallenges(response.headers['www-authenticate'] ?? (await this.#ping(endpoint)))
    const better = await this.#authorizer.answer(endpoint, challenges, authorization.authorization)
    return better ? sendWith(better) : response
  }

  /** The same endpoint, by https if that is spoken there, where nobody said whether it is. */
  async resolveScheme(endpoint: Endpoint): Promise<Endpoint> {
    if (!endpoint.secureFirst) return endpoint
    const { host } = endpoint.base
    const secure = { ...endpoint, base: new URL(`https://${host}`) }
    const asking = this.#secure.get(host) ?? this.#answers(secure)
    this.#secure.set(host, asking)
    return (await asking) ? secure : { ...endpoint, base: new URL(`http://${host}`) }
  }

  /**
   * Does something until it works, or more tries are of no use.
   *
   * @throws {ExpectedError} what the last try met.
   */
  async attempt<T>(
    subject: Subject,
    ask: () => Promise<T>,
    { retry = this.retry, progress, onStalled = () => {} }: Attempts = {},
  ): Promise<T> {
    const once = async () => {
      if (this.signal.aborted) throw this.signal.reason
      try {
        return await ask()
      } catch (error) {
        const said = networkError(subject, error)
        if (said === error || !(said instanceof ExpectedError)) throw error
        if (error instanceof StalledError) onStalled()
        throw isLasting(error) ? said : new TransientError(said)
      }
    }
    try {
      return await withRetries(once, retry, { signal: this.signal, ...(progress && { progress }) })
    } catch (error) {
      // What was on its way fails in ways of its own when everything ends.
      throw this.signal.reason instanceof ExpectedError ? this.signal.reason : error
    }
  }

  async close(): Promise<void> {
    await this.#stop(new Error('closed'))
  }

  async #stop(reason: Error): Promise<void> {
    this.#stopping.abort(reason)
    for (const dispatcher of [this.dispatcher, ...this.#dispatchers.values()]) await dispatcher.destroy(reason)
  }

  async #answers(endpoint: Endpoint): Promise<boolean> {
    return this.#ping(endpoint).then(
      () => true,
      () => false,
    )
  }

  /** The challenge of `/v2/`, for a registry that does not repeat it elsewhere. */
  async #ping(endpoint: Endpoint): Promise<string | string[] | undefined> {
    const url = new URL(`${endpoint.path}/`, endpoint.base)
    const { headers } = await followRedirects(
      await this.#dispatcherFor(endpoint),
      { url, method: 'GET', headers: endpoint.settings?.headers ?? {} },
      this.timeouts,
    )
    return headers['www-authenticate']
  }

  /** Connections as the endpoint's host needs them. */
  async #dispatcherFor({ base, settings }: Endpoint): Promise<Dispatcher> {
    const isSecure = base.protocol === 'https:'
    const found = isSecure && !hasAny(settings) ? await this.#options.findSettings?.(base.host) : undefined
    const wanted = found ?? settings
    if (!hasAny(wanted)) return this.dispatcher
    const known = this.#dispatchers.get(wanted)
    if (known) return known
    const { ca = [], clients = [], proxies, ...options } = this.#options
    const transport = {
      ...options,
      ca: [...ca, ...(wanted.ca ?? [])],
      clients: [...clients, ...(wanted.clients ?? [])],
      proxies: wanted.proxy ? { http: wanted.proxy, https: wanted.proxy } : proxies,
      ...(wanted.skipVerify !== undefined && { skipVerify: wanted.skipVerify }),
    }
    const dispatcher = createDispatcher(transport, {
      connectTimeout: wanted.connectTimeout ?? this.timeouts.headTimeout,
      usesUpBodies: this.#usesUpBodies,
    })
    this.#dispatchers.set(wanted, dispatcher)
    return dispatcher
  }
}

function hasAny(settings: HostSettings | undefined): settings is HostSettings {
  return settings !== undefined && Object.keys(settings).length > 0
}

/** Whether asking again may bring another answer. */
export function isTransient(status: number): boolean {
  return TRANSIENT.has(status)
}

/**
 * The answer, if it is a wanted one.
 *
 * @throws TransientError when asking again may help, ExpectedError when it will not.
 */
export function expectStatus(
  response: HttpResponse,
  wanted: readonly number[],
  { base }: Endpoint,
  subject: Subject,
): HttpResponse {
  const { status, headers, url } = response
  if (wanted.includes(status)) return response
  const error = responseError(subject, response)
  // Where a redirect led, a link has expired or a cache is ill: the registry gives another one.
  const elsewhere = url.origin !== base.origin
  throw isTransient(status) || elsewhere ? new TransientError(error, parseRetryAfter(headers['retry-after'])) : error
}
