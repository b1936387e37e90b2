import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { Authorizer } from './authorizer.ts'
import { parseChallenges } from './challenge.ts'
import { createDispatcher } from './dispatcher.ts'
import { type Endpoint, endpointAt } from './endpoint.ts'
import { type Response, StalledError } from './exchange.ts'
import { follow } from './follow.ts'
import { isLasting, networkError } from './network-error.ts'
import type { RegistryOptions } from './registry-client.ts'
import { responseError, type Subject } from './response-error.ts'
import { parseRetryAfter, type RetryOptions, TransientError, withRetries } from './retry.ts'

/** Bytes of a blob from an offset to its end. */
export type OpenBlob = (start: number) => AsyncIterable<Uint8Array>

interface Upload {
  readonly method: 'HEAD' | 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>)
}

const DEFAULT_PATIENCE = { headTimeout: 30_000, bodyTimeout: 30_000 }
const DEFAULT_RETRY: RetryOptions = { attempts: 6, delay: 250 }
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504])
/** An answer to an upload is short. */
const MAX_BODY = 64 * 1024

/**
 * Writes images to one registry. Repositories are named in full: `registry.local:5000/team/web`. It holds connections:
 * close it. Source: distribution-spec 1.1, "Push".
 */
export class UploadClient {
  readonly #options: RegistryOptions
  readonly #patience: { readonly headTimeout: number; readonly bodyTimeout: number }
  readonly #dispatcher: Dispatcher
  readonly #authorizer: Authorizer
  #mayMount = true

  constructor(options: RegistryOptions = {}) {
    this.#options = options
    this.#patience = options.patience ?? DEFAULT_PATIENCE
    this.#dispatcher = createDispatcher(options, { connectTimeout: this.#patience.headTimeout })
    this.#authorizer = new Authorizer(
      options.findCredentials ?? (async () => undefined),
      (request) => follow(this.#dispatcher, request, this.#patience),
      'pull,push',
    )
  }

  /** The digest under a tag or a digest; undefined when the repository does not have it. */
  async findManifest(name: string, reference: string, mediaType: string): Promise<Digest | undefined> {
    const found = await this.#try(name, `manifest ${reference}`, async (endpoint, subject) => {
      const url = this.#url(endpoint, `manifests/${reference}`)
      return this.#expect(
        [200, 404],
        subject,
        await this.#ask(endpoint, { method: 'HEAD', url, headers: { accept: mediaType } }),
      )
    })
    return found.status === 200 ? (found.headers['docker-content-digest'] as Digest | undefined) : undefined
  }

  async hasBlob(name: string, { digest }: Descriptor): Promise<boolean> {
    const { status } = await this.#try(name, `blob ${digest}`, async (endpoint, subject) => {
      const url = this.#url(endpoint, `blobs/${digest}`)
      return this.#expect([200, 404], subject, await this.#ask(endpoint, { method: 'HEAD', url }))
    })
    return status === 200
  }

  /** Asks the registry to take a blob over from another of its repositories; false when it does not. */
  async mountBlob(name: string, { digest }: Descriptor, from: string): Promise<boolean> {
    if (!this.#mayMount) return false
    const source = from.slice(from.indexOf('/') + 1)
    const { status } = await this.#try(name, `blob ${digest}`, async (endpoint, subject) => {
      const url = this.#url(endpoint, 'blobs/uploads/')
      url.search = `${new URLSearchParams({ mount: digest, from: source })}`
      return this.#expect([201, 202, 401, 403], subject, await this.#ask(endpoint, { method: 'POST', url }))
    })
    // Where tokens are for one repository each, ours does not open the other: then every blob is sent.
    if (status === 401 || status === 403) this.#mayMount = false
    return status === 201
  }

  /** Uploads a blob. After a break it goes on from where the registry says it is. */
  async putBlob(
    name: string,
    blob: Descriptor,
    open: OpenBlob,
    onBytes: (count: number) => void = () => {},
  ): Promise<void> {
    let session: URL | undefined
    let received = 0
    await this.#try(
      name,
      `blob ${blob.digest}`,
      async (endpoint, subject) => {
        const resumed = session && (await this.#resume(endpoint, session))
        session = resumed?.url ?? (await this.#startUpload(endpoint, subject))
        const start = resumed?.offset ?? 0
        onBytes(start - received)
        received = start
        const counted = async function* (): AsyncGenerator<Uint8Array> {
          for await (const chunk of open(start)) {
            yield chunk
            received += chunk.byteLength
            onBytes(chunk.byteLength)
          }
        }
        const url = new URL(session)
        url.searchParams.set('digest', blob.digest)
        const headers = {
          'content-type': 'application/octet-stream',
          'content-length': `${blob.size - start}`,
          ...(start > 0 && { 'content-range': `${start}-${blob.size - 1}` }),
        }
        return this.#expect([201], subject, await this.#ask(endpoint, { method: 'PUT', url, headers, body: counted }))
      },
      () => received,
    )
  }

  /** @throws {ExpectedError} MANIFEST_BLOB_UNKNOWN when the registry wants what the manifest lists and does not have it. */
  async putManifest(name: string, reference: string, mediaType: string, bytes: Uint8Array): Promise<void> {
    await this.#try(name, `manifest ${reference}`, async (endpoint, subject) => {
      const url = this.#url(endpoint, `manifests/${reference}`)
      const headers = { 'content-type': mediaType, 'content-length': `${bytes.byteLength}` }
      return this.#expect([201], subject, await this.#ask(endpoint, { method: 'PUT', url, headers, body: bytes }))
    })
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }

  async #startUpload(endpoint: Endpoint, subject: Subject): Promise<URL> {
    const url = this.#url(endpoint, 'blobs/uploads/')
    const response = this.#expect([202], subject, await this.#ask(endpoint, { method: 'POST', url }))
    return locationOf(response) ?? url
  }

  /** How far the registry got with an upload; undefined when it does not know it any more. */
  async #resume(endpoint: Endpoint, session: URL): Promise<{ url: URL; offset: number } | undefined> {
    const response = await this.#ask(endpoint, { method: 'GET', url: session })
    const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(String(response.headers.range ?? '')) ?? []
    if (response.status !== 204 || last === undefined) return undefined
    // A registry says 0-0 for nothing as well as for one byte.
    return { url: locationOf(response) ?? session, offset: last === '0' ? 0 : Number(last) + 1 }
  }

  #url({ base, path, repository }: Endpoint, rest: string): URL {
    return new URL(`${path}/${repository}/${rest}`, base)
  }

  async #try(
    name: string,
    what: string,
    ask: (endpoint: Endpoint, subject: Subject) => Promise<Response>,
    progress?: () => number,
  ): Promise<Response> {
    const endpoint = endpointAt(name, this.#options.plainHttp ?? [])
    const subject = { registry: endpoint.base.host, what: `${what} in ${name}` }
    const once = async () => {
      try {
        return await ask(endpoint, subject)
      } catch (error) {
        const said = networkError(subject, error)
        if (said === error || !(said instanceof Error)) throw error
        throw isLasting(error) ? said : new TransientError(said as TransientError['error'])
      }
    }
    return withRetries(once, this.#options.retry ?? DEFAULT_RETRY, progress ? { progress } : {})
  }

  #expect(wanted: readonly number[], subject: Subject, response: Response): Response {
    if (wanted.includes(response.status)) return response
    const error = responseError(subject, response)
    if (!TRANSIENT.has(response.status)) throw error
    throw new TransientError(error, parseRetryAfter(response.headers['retry-after']))
  }

  async #ask(endpoint: Endpoint, upload: Upload): Promise<Response> {
    const isSameOrigin = upload.url.origin === endpoint.base.origin
    const authorization = isSameOrigin ? await this.#authorizer.header(endpoint) : {}
    const response = await this.#send(upload, authorization)
    if (response.status !== 401 || !isSameOrigin) return response
    const challenges = parseChallenges(response.headers['www-authenticate'])
    const better = await this.#authorizer.answer(endpoint, challenges, authorization.authorization)
    return better ? this.#send(upload, better) : response
  }

  /** One request. It is given up when neither side moves for as long as we have patience. */
  async #send({ method, url, headers = {}, body }: Upload, authorization: Record<string, string>): Promise<Response> {
    const stalled = new AbortController()
    const { headTimeout } = this.#patience
    const timer = setTimeout(
      () => stalled.abort(new StalledError(`no answer for ${headTimeout / 1000} s`)),
      headTimeout,
    )
    const watched = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        timer.refresh()
        yield chunk
      }
      timer.refresh()
    }
    try {
      const answer = await this.#dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { 'user-agent': 'nodeseed', ...headers, ...authorization },
        ...(body && {
          body: typeof body === 'function' ? Readable.from(watched(body()), { objectMode: false }) : body,
        }),
        headersTimeout: 0,
        signal: stalled.signal,
      })
      const text = Buffer.from(await answer.body.arrayBuffer()).subarray(0, MAX_BODY)
      return { url, status: answer.statusCode, headers: answer.headers, body: text }
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Where the registry wants the rest; it may be another host, to which no credentials go. */
function locationOf({ url, headers }: Response): URL | undefined {
  const { location } = headers
  return typeof location === 'string' && URL.canParse(location, url.href) ? new URL(location, url) : undefined
}
