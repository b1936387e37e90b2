import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedError, endsRun } from '../../errors.ts'
import type { Reference } from '../../oci/reference.ts'
import { type Endpoint, type EndpointOptions, endpointAt, endpointsOf } from '../config/endpoint.ts'
import { expectStatus, responseError } from '../failures/response-error.ts'
import { PullQuota, type Quota } from '../http/pull-quota.ts'
import { parseRetryAfter, type RetryOptions } from '../http/retry.ts'
import { ConnectionError, type HttpRequest, type HttpResponse, type Receive } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import { ConcurrencyLimit } from '../transfer/concurrency-limit.ts'
import { Connection, type ConnectionOptions } from './connection.ts'

export interface RegistryOptions extends EndpointOptions, ConnectionOptions {
  /** The most connections to one registry. */
  readonly maxConnections?: number
}

/** A request to a repository. */
export interface RepositoryRequest extends Partial<Pick<HttpRequest, 'method' | 'headers' | 'body'>> {
  /** What follows the repository's name, such as `manifests/1.27`; or where the registry said to go on. */
  readonly path: string | URL
  readonly receive?: Receive
  /** What the repository is to allow. */
  readonly access?: 'pull' | 'pull,push'
  /** Another repository of the registry that is read for it. */
  readonly from?: string
}

const START_CONNECTIONS = 4
const MAX_CONNECTIONS = 16
/** A registry that wants a longer pause is asked anyway, and says so again. */
const LONGEST_PAUSE = 5 * 60_000

/** Asks for repositories wherever they may be: at their mirrors, then at the registry itself. Close it. */
export class EndpointFallback {
  readonly connection: Connection
  readonly #options: RegistryOptions
  readonly #limits = new Map<string, ConcurrencyLimit>()
  readonly #pullQuotas = new Map<string, PullQuota>()
  /** By the registry that was meant, who answered for it last. */
  readonly #answered = new Map<string, Endpoint>()

  constructor(options: RegistryOptions) {
    this.#options = options
    this.connection = new Connection(options)
  }

  /** What those who answer for a registry (`docker.io`) say of how many manifests they still give. */
  quotaOf(domain: string): Quota | undefined {
    const endpoint = this.#answered.get(domain)
    return endpoint && this.pullQuota(endpoint).quota
  }

  /**
   * Asks the mirrors and then the registry itself. The last one's error counts; where nobody reaches that registry, which
   * offline is the rule, that of the first mirror, which is then asked as patiently as a registry. Hosts that are
   * `distrusted` are asked last.
   */
  async atEndpoints<T>(
    reference: Pick<Reference, 'domain' | 'path'>,
    subject: Subject,
    ask: (endpoint: Endpoint) => Promise<T>,
    {
      byTag = false,
      progress,
      distrusted = [],
    }: { byTag?: boolean; progress?: () => number; distrusted?: readonly string[] } = {},
  ): Promise<T> {
    const all = await endpointsOf(reference, this.#options)
    const allowed = all.filter(({ only }) => only !== (byTag ? 'digests' : 'tags'))
    const trusted = allowed.filter(({ base }) => !distrusted.includes(base.host))
    const endpoints = [...trusted, ...allowed.filter((endpoint) => !trusted.includes(endpoint))]
    const patient = [trusted.at(-1), endpoints.at(-1)]
    const failures: ExpectedError[] = []
    const tryAt = async (listed: Endpoint, retry: RetryOptions): Promise<{ found: T } | ExpectedError> => {
      try {
        const { found, endpoint } = await this.#askAt(listed, subject, ask, { retry, progress })
        this.#answered.set(reference.domain, endpoint)
        return { found }
      } catch (error) {
        if (!(error instanceof ExpectedError) || endsRun(error)) throw error
        return error
      }
    }
    const { retry } = this.connection
    for (const listed of endpoints) {
      // A mirror that does not answer is no reason to wait long: there is another place to ask.
      const answer = await tryAt(listed, patient.includes(listed) ? retry : { ...retry, attempts: 1 })
      if ('found' in answer) return answer.found
      failures.push(answer)
    }
    const [first, last] = [failures[0], failures.at(-1)]
    if (!first || !last) throw new ExpectedError('DENIED', `${subject.what}: no registry may be asked for it`)
    if (last.code !== 'REGISTRY_UNREACHABLE' || first === last) throw last
    const [mirror] = endpoints
    if (!mirror || !mayPass(first)) throw first
    const answer = await tryAt(mirror, retry)
    if ('found' in answer) return answer.found
    throw answer
  }

  /** Asks one endpoint, by https where that is what it speaks. */
  async #askAt<T>(
    listed: Endpoint,
    subject: Subject,
    ask: (endpoint: Endpoint) => Promise<T>,
    { retry, progress }: { retry: RetryOptions; progress: (() => number) | undefined },
  ): Promise<{ found: T; endpoint: Endpoint }> {
    let endpoint = await this.connection.resolveScheme(listed)
    const limit = this.limit(endpoint)
    const once = async () => {
      if (limit.pause > 0) await sleep(limit.pause, undefined, { signal: this.connection.signal })
      try {
        return await ask(endpoint)
      } catch (error) {
        const isPlain = endpoint.base.protocol === 'http:' && listed.maySpeakHttps
        if (!isPlain || !isOfHttps(error) || !(await this.connection.speaksHttps(listed))) throw error
        endpoint = await this.connection.resolveScheme(listed)
        return ask(endpoint)
      }
    }
    const named = subjectAt(endpoint, subject)
    const found = await this.connection.attempt(named, once, { retry, progress, onStalled: () => limit.backOff() })
    return { found, endpoint }
  }

  /**
   * Sends a request to one endpoint: the one way to a registry, for reading and for writing. What moves content counts
   * against the endpoint's limit; where every GET of a manifest is counted, one that gives no more is not asked for it.
   */
  async send(endpoint: Endpoint, request: RepositoryRequest, subject: Subject): Promise<HttpResponse> {
    const limit = this.limit(endpoint)
    const counted = {
      ...request,
      ...(request.receive && { receive: countReceived(request.receive, limit) }),
      ...(typeof request.body === 'function' && { body: countSent(request.body, limit) }),
    }
    const isTransfer = request.receive !== undefined || typeof request.body === 'function'
    if (isTransfer) return limit.run(() => this.#send(endpoint, counted))
    const { method = 'GET', path } = request
    if (method !== 'GET' || !String(path).startsWith('manifests/')) return this.#send(endpoint, counted)
    const named = subjectAt(endpoint, subject)
    return this.pullQuota(endpoint).request(() => this.#send(endpoint, counted), named, this.connection.signal)
  }

  async #send(endpoint: Endpoint, request: RepositoryRequest): Promise<HttpResponse> {
    const { method = 'GET', path, headers = {}, body, receive, access = 'pull', from } = request
    const { repository, namespace } = endpoint
    const url = path instanceof URL ? path : new URL(`${endpoint.path}/${repository}/${path}`, endpoint.base)
    if (namespace) url.searchParams.set('ns', namespace)
    const scopes = [`repository:${repository}:${access}`, ...(from ? [`repository:${from}:pull`] : [])]
    const response = await this.connection.send(endpoint, { url, method, headers, body }, { scopes, receive })
    if (response.url.origin === url.origin) this.pullQuota(endpoint).observe(response)
    return response
  }

  /** As {@link expectStatus}; a registry that is asked too often is given a rest. */
  expect(response: HttpResponse, wanted: readonly number[], endpoint: Endpoint, subject: Subject): HttpResponse {
    const { status, headers } = response
    if (status === 429 || status === 503) {
      this.limit(endpoint).backOff(Math.min(parseRetryAfter(headers) ?? 0, LONGEST_PAUSE))
    }
    // Who has given all that we may have gives no more however often it is asked.
    const named = subjectAt(endpoint, subject)
    if (status === 429 && this.pullQuota(endpoint).isSpent) throw responseError(named, response)
    return expectStatus(response, wanted, endpoint, named)
  }

  pullQuota({ base }: Endpoint): PullQuota {
    const known = this.#pullQuotas.get(base.origin)
    if (known) return known
    const pullQuota = new PullQuota()
    this.#pullQuotas.set(base.origin, pullQuota)
    return pullQuota
  }

  limit({ base }: Endpoint): ConcurrencyLimit {
    const known = this.#limits.get(base.origin)
    if (known) return known
    const limit = new ConcurrencyLimit({
      start: START_CONNECTIONS,
      maximum: this.#options.maxConnections ?? MAX_CONNECTIONS,
    })
    this.#limits.set(base.origin, limit)
    return limit
  }
}

function countReceived(receive: Receive, limit: ConcurrencyLimit): Receive {
  return (status, headers) => {
    const sink = receive(status, headers)
    if (typeof sink === 'string') return sink
    return {
      write: (chunk) => {
        limit.transferred(chunk.length)
        return sink.write(chunk)
      },
    }
  }
}

function countSent(open: () => AsyncIterable<Uint8Array>, limit: ConcurrencyLimit) {
  return async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of open()) {
      yield chunk
      limit.transferred(chunk.byteLength)
    }
  }
}

/** How servers that expect https answer plain http: they close the connection, or say 400. */
function isOfHttps(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof ExpectedError && error.data.status === 400)
}

/** Whether a mirror may do later what it did not do now. */
function mayPass({ code }: ExpectedError): boolean {
  return code === 'TOOMANYREQUESTS' || code === 'REGISTRY_ERROR' || code === 'REGISTRY_UNREACHABLE'
}

/** A mirror is named where it is the one that fails. */
export function subjectAt({ base }: Endpoint, subject: Subject): Subject {
  const own = endpointAt(subject.registry, []).base.host
  return base.host === own ? subject : { ...subject, registry: base.host }
}
