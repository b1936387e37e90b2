import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf } from '../../oci/digest.ts'
import type { ReferrerList } from '../../oci/referrers.ts'
import type { Endpoint } from '../config/endpoint.ts'
import { isTransient, responseError } from '../failures/response-error.ts'
import { TransientError } from '../http/retry.ts'
import type { HttpResponse } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import { EndpointFallback, type RegistryOptions, type RepositoryRequest } from './endpoint-fallback.ts'
import { listReferrers } from './list-referrers.ts'
import { locationOf, receivedBytes } from './upload-session.ts'

/** Bytes of a blob from an offset to its end. A chunk is used up when the next is asked for. */
export type OpenBlob = (start: number) => AsyncIterable<Uint8Array>

/** The specification has one for each request; registries, and what stands before them, answer with any of them. */
const DONE = [200, 201, 202, 204]
/**
 * A look for what is there that was denied says only that nobody knows: an account may write and not read, and a link to
 * storage may be signed for GET alone. What is sent then is refused in words of its own.
 */
const LOOKED = [...DONE, 400, 403, 404, 405, 406, 410, 501]

/**
 * Writes images to one registry. Repositories are named in full: `registry.local:5000/team/web`. It holds connections:
 * close it. Source: distribution-spec 1.1, "Push".
 */
export class UploadClient {
  readonly #registries: EndpointFallback

  constructor(options: Omit<RegistryOptions, 'mirrors' | 'configured'> = {}) {
    this.#registries = new EndpointFallback(options)
  }

  /** The digest under a tag or a digest; undefined when the repository does not have it. */
  async findManifest(name: string, reference: string, mediaType: string): Promise<Digest | undefined> {
    const request = { method: 'HEAD', path: `manifests/${reference}`, headers: { accept: mediaType } } as const
    const { status, headers } = await this.#ask(name, `manifest ${reference}`, request, LOOKED)
    return DONE.includes(status) ? (headers['docker-content-digest'] as Digest | undefined) : undefined
  }

  /** Whether the repository has a blob. What answers everything with success does not know its length. */
  async hasBlob(name: string, { digest, size }: Descriptor): Promise<boolean> {
    const request = { method: 'HEAD', path: `blobs/${digest}` } as const
    const { status, headers } = await this.#ask(name, `blob ${digest}`, request, LOOKED)
    const { 'content-length': length, 'docker-content-digest': named } = headers
    const isOther = status === 200 && length !== undefined && Number(length) !== size && named !== digest
    return DONE.includes(status) && !isOther
  }

  /** Asks the registry to take a blob over from another of its repositories; false when it does not. */
  async mountBlob(name: string, blob: Descriptor, fullFrom: string): Promise<boolean> {
    const { digest } = blob
    const from = fullFrom.slice(fullFrom.indexOf('/') + 1)
    const path = `blobs/uploads/?${new URLSearchParams({ mount: digest, from })}`
    const status = await this.#at(name, `blob ${digest}`, async (endpoint, subject) => {
      const response = await this.#send(endpoint, { method: 'POST', path, from }, subject)
      const isRefused = response.status >= 400 && response.status < 500 && !isTransient(response.status)
      return isRefused ? response.status : this.#registries.expect(response, DONE, endpoint, subject).status
    }).catch((error) => {
      // A token server may refuse what a registry would: the blob is sent instead.
      if (error instanceof ExpectedError && /^(?:UNAUTHORIZED|DENIED)$/.test(error.code)) return 401
      throw error
    })
    // 202 begins an upload. What the specification does not have is believed when the blob is there.
    return status === 201 || ((status === 200 || status === 204) && (await this.hasBlob(name, blob)))
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
    const reach = (offset: number) => {
      onBytes(offset - received)
      received = offset
    }
    const ask = async (endpoint: Endpoint, subject: Subject) => {
      const resumed = session && (await this.#resume(endpoint, session, subject))
      session = resumed?.url ?? (await this.#startUpload(endpoint, subject))
      const start = resumed?.offset ?? 0
      const body = async function* (): AsyncGenerator<Uint8Array> {
        reach(start)
        for await (const chunk of open(start)) {
          yield chunk
          reach(received + chunk.byteLength)
        }
      }
      const url = new URL(session)
      url.searchParams.set('digest', blob.digest)
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': `${blob.size - start}`,
        ...(start > 0 && { 'content-range': `${start}-${blob.size - 1}` }),
      }
      const response = await this.#send(endpoint, { method: 'PUT', path: url, headers, body }, subject)
      // The registry has forgotten the upload, or does not go on with one: from the beginning, then.
      const isForgotten = response.status === 404 || response.status === 416 || (start > 0 && response.status === 400)
      if (isForgotten) {
        session = undefined
        throw new TransientError(responseError(subject, response))
      }
      return this.#registries.expect(response, DONE, endpoint, subject)
    }
    await this.#at(name, `blob ${blob.digest}`, ask, () => received)
  }

  /**
   * Sends a manifest. Success is believed where it is said as the specification has it: 201, and no digest but this. What
   * answers otherwise is believed when it has the manifest.
   *
   * @throws {ExpectedError} MANIFEST_BLOB_UNKNOWN when the registry wants what the manifest lists and does not have it.
   */
  async putManifest(name: string, reference: string, mediaType: string, bytes: Uint8Array): Promise<void> {
    const headers = { 'content-type': mediaType, 'content-length': `${bytes.byteLength}` }
    const request = { method: 'PUT', path: `manifests/${reference}`, headers, body: bytes } as const
    const digest = digestOf(bytes)
    await this.#at(name, `manifest ${reference}`, async (endpoint, subject) => {
      const answer = this.#registries.expect(await this.#send(endpoint, request, subject), DONE, endpoint, subject)
      const named = answer.headers['docker-content-digest']
      if (named === digest || (answer.status === 201 && named === undefined)) return
      const look = (method: 'HEAD' | 'GET') =>
        this.#send(endpoint, { method, path: request.path, headers: { accept: mediaType } }, subject)
      const head = await look('HEAD')
      if (DONE.includes(head.status) && head.headers['docker-content-digest'] === digest) return
      const { status, body } = await look('GET')
      if (DONE.includes(status) && digestOf(body) === digest) return
      // Who may write and not read knows no more than before.
      if (!DONE.includes(status) && status !== 404) return
      throw new TransientError(notTaken(subject, DONE.includes(status) ? 'has something else there' : 'has it not'))
    })
  }

  /** What the registry lists as attached to a manifest. @throws {ExpectedError} as {@link listReferrers} */
  listReferrers(name: string, digest: Digest): Promise<ReferrerList> {
    return listReferrers(this.#registries, { ...repositoryOf(name), tag: undefined, digest: undefined }, digest)
  }

  async close(): Promise<void> {
    await this.#registries.connection.close()
  }

  async #startUpload(endpoint: Endpoint, subject: Subject): Promise<URL> {
    const response = await this.#send(endpoint, { method: 'POST', path: 'blobs/uploads/' }, subject)
    return locationOf(this.#registries.expect(response, DONE, endpoint, subject), endpoint, subject)
  }

  /** How far the registry got with an upload; undefined when it does not know it any more. */
  async #resume(endpoint: Endpoint, session: URL, subject: Subject): Promise<{ url: URL; offset: number } | undefined> {
    const response = await this.#send(endpoint, { path: session }, subject)
    const offset = receivedBytes(response)
    if (!DONE.includes(response.status) || offset === undefined) return undefined
    const url = response.headers.location === undefined ? session : locationOf(response, endpoint, subject)
    return { url, offset }
  }

  #ask(name: string, what: string, request: RepositoryRequest, wanted: readonly number[]): Promise<HttpResponse> {
    return this.#at(name, what, async (endpoint, subject) => {
      return this.#registries.expect(await this.#send(endpoint, request, subject), wanted, endpoint, subject)
    })
  }

  #at<T>(
    name: string,
    what: string,
    ask: (endpoint: Endpoint, subject: Subject) => Promise<T>,
    progress?: () => number,
  ): Promise<T> {
    const repository = repositoryOf(name)
    const subject = {
      registry: repository.domain,
      what: `${what} in ${name}`,
      isPush: true,
      repository: repository.path,
    }
    return this.#registries.atEndpoints(repository, subject, (endpoint) => ask(endpoint, subject), {
      ...(progress && { progress }),
    })
  }

  #send(endpoint: Endpoint, request: RepositoryRequest, subject: Subject): Promise<HttpResponse> {
    return this.#registries.send(endpoint, { ...request, access: 'pull,push' }, subject)
  }
}

function notTaken({ what, registry }: Subject, but: string): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} says that it took it, and ${but}`, {
    hint: `Check that ${registry} is the registry, and no proxy or page before it that answers everything with success.`,
  })
}

function repositoryOf(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/')
  return { domain: name.slice(0, slash), path: name.slice(slash + 1) }
}
