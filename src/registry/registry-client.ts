import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { ExpectedError } from '../errors.ts'
import type { BlobSink } from '../oci/blob-sink.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  isIndexType,
  isManifestType,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../oci/media-type.ts'
import { formatReference, type Reference } from '../oci/reference.ts'
import { Authorizer } from './authorizer.ts'
import { parseChallenges } from './challenge.ts'
import type { FindCredentials } from './credentials.ts'
import { type ConnectionOptions, createDispatcher } from './dispatcher.ts'
import { type Endpoint, type EndpointOptions, endpointAt, endpointsOf } from './endpoint.ts'
import { type Patience, type Receive, type Request, type Response, StalledError } from './exchange.ts'
import { follow } from './follow.ts'
import { readForeignLayer } from './foreign-layer.ts'
import { Lane } from './lane.ts'
import { describe, descriptorOf, mismatch, nextPage, referrersIn } from './manifest-response.ts'
import { isLasting, networkError } from './network-error.ts'
import { responseError, type Subject } from './response-error.ts'
import { parseRetryAfter, type RetryOptions, TransientError, withRetries } from './retry.ts'
import { Transfer } from './transfer.ts'

export interface RegistryOptions extends EndpointOptions, ConnectionOptions {
  readonly findCredentials?: FindCredentials
  readonly patience?: Patience
  readonly retry?: RetryOptions
  /** The most connections to one registry. */
  readonly maxConnections?: number
}

const ACCEPT = [OCI_INDEX, DOCKER_INDEX, OCI_MANIFEST, DOCKER_MANIFEST].join(', ')
const ANONYMOUS: FindCredentials = async () => undefined
const DEFAULT_PATIENCE: Patience = { headTimeout: 30_000, bodyTimeout: 30_000 }
const DEFAULT_RETRY: RetryOptions = { attempts: 6, delay: 250 }
const START_CONNECTIONS = 4
const MAX_CONNECTIONS = 16
/** A list of referrers longer than this many pages is an attack. */
const MAX_PAGES = 100
/** Answers that another try may change. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504])

/** Reads images from registries. It holds connections: close it. Source: distribution-spec 1.1. */
export class RegistryClient {
  readonly #options: RegistryOptions
  readonly #patience: Patience
  readonly #retry: RetryOptions
  readonly #dispatcher: Dispatcher
  readonly #authorizer: Authorizer
  readonly #lanes = new Map<string, Lane>()
  readonly #closing = new AbortController()

  constructor(options: RegistryOptions = {}) {
    this.#options = options
    this.#patience = options.patience ?? DEFAULT_PATIENCE
    this.#retry = options.retry ?? DEFAULT_RETRY
    this.#dispatcher = createDispatcher(options, {
      connectTimeout: this.#patience.headTimeout,
      usesUpBodies: true,
    })
    this.#authorizer = new Authorizer(options.findCredentials ?? ANONYMOUS, (request) =>
      follow(this.#dispatcher, request, this.#patience),
    )
  }

  /**
   * What a reference stands for now. Asks with HEAD, because some registries count every GET of a manifest.
   *
   * @throws {ExpectedError} MANIFEST_UNKNOWN, UNAUTHORIZED, DENIED, TOOMANYREQUESTS, UNSUPPORTED, REGISTRY_UNREACHABLE,
   * REGISTRY_ERROR
   */
  async resolve(reference: Reference): Promise<Descriptor> {
    const subject = { registry: reference.domain, what: `image ${formatReference(reference)}` }
    const name = reference.digest ?? reference.tag ?? 'latest'
    const ask = async (endpoint: Endpoint) => {
      const head = await this.#send(endpoint, { method: 'HEAD', path: `manifests/${name}`, accept: ACCEPT })
      const described = head.status === 200 ? descriptorOf(head) : undefined
      if (described && (!reference.digest || described.digest === reference.digest)) return described
      // Some registries do not know HEAD, or answer it without a digest; and only GET has an error's words.
      const response = await this.#send(endpoint, { path: `manifests/${name}`, accept: ACCEPT })
      this.#expect(response, [200], endpoint, subject)
      return describe(response, reference.digest, subject)
    }
    return this.#atEndpoints(reference, subject, ask, { byTag: !reference.digest })
  }

  /**
   * A small blob or a manifest, whole, exactly as the registry has it.
   *
   * @throws {ExpectedError} CONTENT_MISMATCH when it is not what the descriptor says, and what `resolve` throws.
   */
  async readDocument(repository: Reference, descriptor: Descriptor): Promise<Buffer> {
    const { digest } = descriptor
    const isManifest = isDocument(descriptor)
    const subject = { registry: repository.domain, what: `${isManifest ? 'manifest' : 'blob'} ${digest}` }
    return this.#atEndpoints(repository, subject, async (endpoint) => {
      const path = isManifest ? `manifests/${digest}` : `blobs/${digest}`
      const response = await this.#send(endpoint, { path, ...(isManifest && { accept: ACCEPT }) })
      this.#expect(response, [200], endpoint, subject)
      const problem = mismatch(response.body, descriptor, subject)
      if (problem) throw new TransientError(problem)
      return response.body
    })
  }

  /**
   * Sends a blob's bytes to the sink, from where the sink stands to the end. A transfer that breaks goes on where it
   * broke. The sink checks the bytes. Manifests have an address of their own.
   */
  async readBlob(repository: Reference, blob: Descriptor, sink: BlobSink): Promise<void> {
    if (isDocument(blob)) return void (await sink.write(await this.readDocument(repository, blob)))
    const subject = { registry: repository.domain, what: `blob ${blob.digest}` }
    const transfer = new Transfer(blob, sink)
    const progress = () => sink.received
    const ask = async (endpoint: Endpoint) => {
      const lane = this.#lane(endpoint)
      const receive = transfer.receive((bytes) => lane.transferred(bytes))
      const path = `blobs/${blob.digest}`
      const response = await lane.run(() => this.#send(endpoint, { path, range: transfer.range, receive }))
      transfer.check(response, subject)
      this.#expect(response, [200, 206], endpoint, subject)
      if (sink.received < blob.size) throw new TransientError(transfer.short(subject))
    }
    try {
      await this.#atEndpoints(repository, subject, ask, { progress })
    } catch (error) {
      // A registry may not hand such a layer out; its descriptor says who does.
      if (!(error instanceof ExpectedError) || error.code !== 'BLOB_UNKNOWN' || !blob.urls?.length) throw error
      const fetchFrom = (url: URL) => this.#fetch(url, transfer, subject)
      await readForeignLayer(blob.urls, endpointAt(repository.domain, []).base, fetchFrom)
    }
  }

  /** A blob from an address that is no registry's: nothing of ours is shown there. */
  async #fetch(url: URL, transfer: Transfer, { what }: Subject): Promise<void> {
    const subject = { registry: url.host, what }
    await withRetries(async () => {
      const headers = transfer.range ? { range: transfer.range } : {}
      const receive = transfer.receive(() => {})
      const response = await follow(this.#dispatcher, { url, method: 'GET', headers }, this.#patience, receive)
      transfer.check(response, subject)
      if (response.status !== 200 && response.status !== 206) throw responseError(subject, response)
    }, this.#retry)
  }

  /** What the registry lists as attached to a manifest, by its referrers API or else under the fallback tag. */
  async listReferrers(repository: Reference, digest: Digest): Promise<readonly Descriptor[]> {
    const subject = { registry: repository.domain, what: `referrers of ${digest}` }
    return this.#atEndpoints(repository, subject, async (endpoint) => {
      const found: Descriptor[] = []
      const paths = [`referrers/${digest}`]
      for (let pages = 0; pages < paths.length && pages < MAX_PAGES; pages++) {
        const response = await this.#send(endpoint, { path: paths[pages]!, accept: OCI_INDEX })
        const isFirst = pages === 0
        if (isFirst && response.status !== 200 && !TRANSIENT.has(response.status)) {
          const tag = digest.replace(':', '-')
          const fallback = await this.#send(endpoint, { path: `manifests/${tag}`, accept: OCI_INDEX })
          if (fallback.status === 404) return []
          this.#expect(fallback, [200], endpoint, subject)
          return referrersIn(fallback, subject)
        }
        this.#expect(response, [200], endpoint, subject)
        found.push(...referrersIn(response, subject))
        const next = nextPage(response, endpoint)
        if (next) paths.push(next)
      }
      return found
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#dispatcher.destroy()
  }

  /**
   * Tries the mirrors and then the registry itself. The last one's error counts, unless nobody reaches that registry and
   * a mirror has said that there is no such thing.
   */
  async #atEndpoints<T>(
    reference: Reference,
    subject: Subject,
    ask: (endpoint: Endpoint) => Promise<T>,
    { byTag = false, progress }: { byTag?: boolean; progress?: () => number } = {},
  ): Promise<T> {
    let failure: unknown = new ExpectedError('DENIED', `${subject.what}: no registry may be asked for it`)
    const all = await endpointsOf(reference, this.#options)
    const endpoints = all.filter(({ only }) => only !== (byTag ? 'digests' : 'tags'))
    for (const endpoint of endpoints) {
      // A mirror that does not answer is no reason to wait long: there is another place to ask.
      const retry = endpoint === endpoints.at(-1) ? this.#retry : { ...this.#retry, attempts: 1 }
      const named = { ...subject, registry: nameOf(endpoint, subject) }
      try {
        return await withRetries(() => this.#once(endpoint, named, ask), retry, {
          signal: this.#closing.signal,
          ...(progress && { progress }),
        })
      } catch (error) {
        if (!(error instanceof ExpectedError) || error.code.startsWith('DISK_')) throw error
        if (error.code !== 'REGISTRY_UNREACHABLE' || !isUnknown(failure)) failure = error
      }
    }
    throw failure
  }

  async #once<T>(endpoint: Endpoint, subject: Subject, ask: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    const lane = this.#lane(endpoint)
    if (lane.pause > 0) await sleep(lane.pause, undefined, { signal: this.#closing.signal })
    try {
      return await ask(endpoint)
    } catch (error) {
      const said = networkError(subject, error)
      if (said === error || !(said instanceof ExpectedError)) throw error
      if (error instanceof StalledError) lane.backOff()
      throw isLasting(error) ? said : new TransientError(said)
    }
  }

  /** @throws TransientError when asking again may help, ExpectedError when it will not. */
  #expect(response: Response, wanted: readonly number[], endpoint: Endpoint, subject: Subject): void {
    const { status, headers, url } = response
    if (wanted.includes(status)) return
    const error = responseError(subject, response)
    const retryAfter = parseRetryAfter(headers['retry-after'])
    if (status === 429 || status === 503) this.#lane(endpoint).backOff(Math.min(retryAfter ?? 0, LONGEST_PAUSE))
    // Where a redirect led, a link has expired or a cache is ill: the registry gives another one.
    const elsewhere = url.origin !== endpoint.base.origin
    throw TRANSIENT.has(status) || elsewhere ? new TransientError(error, retryAfter) : error
  }

  #lane({ base }: Endpoint): Lane {
    const known = this.#lanes.get(base.origin)
    if (known) return known
    const lane = new Lane({ start: START_CONNECTIONS, maximum: this.#options.maxConnections ?? MAX_CONNECTIONS })
    this.#lanes.set(base.origin, lane)
    return lane
  }

  async #send(endpoint: Endpoint, { method = 'GET', path, accept, range, receive }: Question): Promise<Response> {
    const url = new URL(`${endpoint.path}/${endpoint.repository}/${path}`, endpoint.base)
    if (endpoint.namespace) url.searchParams.set('ns', endpoint.namespace)
    const ask = (authorization: Record<string, string>) => {
      const headers = { ...(accept && { accept }), ...(range && { range }), ...authorization }
      return follow(this.#dispatcher, { url, method, headers }, this.#patience, receive)
    }
    const authorization = await this.#authorizer.header(endpoint)
    const response = await ask(authorization)
    // A 401 from where a redirect led is not the registry's question: nothing of ours is answered there.
    if (response.status !== 401 || response.url.origin !== url.origin) return response
    const challenges = parseChallenges(response.headers['www-authenticate'] ?? (await this.#ping(endpoint)))
    const better = await this.#authorizer.answer(endpoint, challenges, authorization.authorization)
    return better ? ask(better) : response
  }

  /** The challenge of `/v2/`, for a registry that does not repeat it elsewhere. */
  async #ping({ base, path }: Endpoint): Promise<string | string[] | undefined> {
    const url = new URL(`${path}/`, base)
    const { headers } = await follow(this.#dispatcher, { url, method: 'GET', headers: {} }, this.#patience)
    return headers['www-authenticate']
  }
}

interface Question {
  readonly method?: Request['method']
  readonly path: string
  readonly accept?: string
  readonly range?: string | undefined
  readonly receive?: Receive
}

/** A registry that wants a longer pause is asked anyway, and says so again. */
const LONGEST_PAUSE = 5 * 60_000

/** A mirror is named where it is the one that fails. */
function isUnknown(error: unknown): boolean {
  return error instanceof ExpectedError && /^(?:MANIFEST|BLOB)_UNKNOWN$/.test(error.code)
}

function nameOf({ base }: Endpoint, { registry }: Subject): string {
  return base.host === registry || registry === 'docker.io' ? registry : base.host
}

function isDocument({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType)
}
