import { ExpectedError } from '../../errors.ts'
import { Authorizer } from '../auth/authorizer.ts'
import { parseChallenges } from '../auth/challenge.ts'
import type { FindCredentials } from '../auth/credentials.ts'
import type { Scope } from '../auth/scope.ts'
import type { FindSettings } from '../config/certificate-files.ts'
import type { Endpoint } from '../config/endpoint.ts'
import { isLasting, isOfHttps, networkError } from '../failures/network-error.ts'
import { withoutSecrets } from '../failures/redaction.ts'
import type { AnonymousAnswer } from '../failures/response-error.ts'
import type { TransportOptions } from '../http/dispatcher.ts'
import { followRedirects } from '../http/follow-redirects.ts'
import { type RetryOptions, TransientError, withRetries } from '../http/retry.ts'
import {
  ConnectionError,
  type HttpRequest,
  type HttpResponse,
  type Receive,
  StalledError,
  type Timeouts,
} from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import { Transports } from './transports.ts'

export interface ConnectionOptions extends TransportOptions {
  readonly findCredentials?: FindCredentials
  readonly timeouts?: Timeouts
  readonly retry?: RetryOptions
  /** Settings for single hosts, where the endpoint has none. */
  readonly findSettings?: FindSettings
  /** Ends everything, with its reason as the error. */
  readonly signal?: AbortSignal
}

export interface Attempts {
  /** Instead of the connection's own. */
  readonly retry?: RetryOptions
  /** How far things are: an attempt that got further starts the count anew. */
  readonly progress?: (() => number) | undefined
  /** The server let us wait. */
  readonly onStalled?: () => void
}

/**
 * What every client needs of registries: connections, the authorization that they ask for, and which failures another
 * try may mend. Close it.
 */
export class Connection {
  readonly retry: RetryOptions
  readonly #timeouts: Timeouts
  readonly #transports: Transports
  /** By host, whether https is spoken there. */
  readonly #secure = new Map<string, Promise<boolean>>()
  readonly #authorizer: Authorizer
  readonly #stopping = new AbortController()
  readonly #check: FindCredentials['check']

  constructor({ timeouts, retry, findSettings, findCredentials, signal, ...transport }: ConnectionOptions) {
    this.#timeouts = timeouts ?? { headTimeout: 30_000, bodyTimeout: 30_000 }
    this.retry = retry ?? { attempts: 6, delay: 250 }
    this.#transports = new Transports(transport, this.#timeouts.headTimeout, findSettings)
    this.#check = findCredentials?.check
    this.#authorizer = new Authorizer(findCredentials ?? (async () => undefined), (endpoint, request) =>
      this.#sendSecret(endpoint, request),
    )
    signal?.addEventListener('abort', () => this.#stop(signal.reason), { once: true })
    if (signal?.aborted) this.#stop(signal.reason)
  }

  /** Aborted when the connection is closed, or ended from outside. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  /**
   * Sends a request with the authorization that is known to be needed, and once more with what a 401 asks for. To
   * another host than the endpoint's goes none.
   *
   * @throws what {@link followRedirects} and the authorizer throw.
   */
  async send(
    endpoint: Endpoint,
    request: HttpRequest,
    { scopes, receive }: { scopes: readonly Scope[]; receive?: Receive | undefined },
  ): Promise<AnonymousAnswer> {
    const { url } = request
    if (url.origin !== endpoint.base.origin) {
      return this.sendElsewhere(endpoint, request, receive).catch((error) => {
        throw error instanceof ConnectionError ? new ConnectionError(error.cause as Error, url.host) : error
      })
    }
    const authorization = await this.#authorizer.header(endpoint, scopes)
    const response = await this.#sendWith(authorization, endpoint, request, receive)
    // A 401 from where a redirect led is not the registry's question: nothing of ours is answered there.
    if (response.status !== 401 || response.url.origin !== url.origin) return response
    const challenges = parseChallenges(response.headers['www-authenticate'] ?? (await this.#ping(endpoint)))
    const better = await this.#authorizer.answer(endpoint, scopes, {
      challenges,
      rejected: authorization.authorization,
    })
    const last = better ? await this.#sendWith(better, endpoint, request, receive) : response
    return last.status === 401 ? { ...last, isAnonymous: !(await this.#authorizer.knows(endpoint)) } : last
  }

  /** A request to where an endpoint leads, without anything that says who we are. */
  async sendElsewhere(endpoint: Endpoint, request: HttpRequest, receive?: Receive): Promise<HttpResponse> {
    const dispatcher = await this.#transports.elsewhere(endpoint, request.url)
    return followRedirects(request, { ...this.#routeOf(endpoint), dispatcher }, receive)
  }

  /**
   * The same endpoint, by https if that is spoken there, where nobody said whether it is.
   *
   * @throws {SettingError} for credentials that cannot be read, before anything is asked
   */
  async resolveScheme(endpoint: Endpoint): Promise<Endpoint> {
    this.#check?.(endpoint.base.host, endpoint.repository)
    const { host } = endpoint.base
    const isKnown = endpoint.maySpeakHttps && this.#secure.has(host)
    if (!endpoint.secureFirst && !isKnown) return endpoint
    return (await this.speaksHttps(endpoint)) ? secureOf(endpoint) : { ...endpoint, base: new URL(`http://${host}`) }
  }

  /** Whether https is spoken at the endpoint's host, be it with a certificate that is not trusted. Asked once a run. */
  speaksHttps(endpoint: Endpoint): Promise<boolean> {
    const { host } = endpoint.base
    const asking = this.#secure.get(host) ?? this.#answers(secureOf(endpoint))
    this.#secure.set(host, asking)
    return asking
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
    await this.#transports.destroy(reason)
  }

  async #sendWith(
    authorization: Record<string, string>,
    endpoint: Endpoint,
    request: HttpRequest,
    receive: Receive | undefined,
  ): Promise<HttpResponse> {
    const own = { ...endpoint.settings?.headers, ...authorization }
    const dispatcher = await this.#transports.of(endpoint)
    const sent = { ...request, headers: { ...own, ...request.headers } }
    return withoutSecrets(await followRedirects(sent, { ...this.#routeOf(endpoint), dispatcher }, receive), own)
  }

  /** A request to the endpoint's token server, which may be the endpoint. */
  async #sendSecret(endpoint: Endpoint, request: HttpRequest): Promise<HttpResponse> {
    const isOwn = request.url.origin === endpoint.base.origin
    const dispatcher = isOwn
      ? await this.#transports.of(endpoint)
      : await this.#transports.elsewhere(endpoint, request.url)
    const sending = followRedirects(request, { ...this.#routeOf(endpoint), dispatcher, isSecret: true })
    return sending.catch((error) => {
      const isBroken = !isOwn && error instanceof ConnectionError
      throw isBroken ? new ConnectionError(error.cause as Error, request.url.host) : error
    })
  }

  #routeOf(endpoint: Endpoint) {
    return { timeouts: this.#timeouts, elsewhere: (url: URL) => this.#transports.elsewhere(endpoint, url) }
  }

  async #answers(endpoint: Endpoint): Promise<boolean> {
    return this.#ping(endpoint).then(
      () => true,
      (error) => endpoint.maySpeakHttps === true && isOfHttps(error),
    )
  }

  /** The challenge of `/v2/`, for a registry that does not repeat it elsewhere. */
  async #ping(endpoint: Endpoint): Promise<string | string[] | undefined> {
    const url = new URL(`${endpoint.path}/`, endpoint.base)
    const { headers } = await this.#sendWith({}, endpoint, { url, method: 'GET', headers: {} }, undefined)
    return headers['www-authenticate']
  }
}

function secureOf(endpoint: Endpoint): Endpoint {
  return { ...endpoint, base: new URL(`https://${endpoint.base.host}`) }
}
