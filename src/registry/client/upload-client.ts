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
import { type Ask, type Look, lookAtBlob, lookAtManifest } from './look-at-stored.ts'
import { locationOf, receivedBytes } from './upload-session.ts'

/** Bytes of a blob from an offset to its end. A chunk is used up when the next is asked for. */
export type OpenBlob = (start: number) => AsyncIterable<Uint8Array>

/** The specification has one for each request; registries, and what stands before them, answer with any of them. */
const DONE = [200, 201, 202, 204]
/**
 * A look for what is there that was denied says only that nobody knows: an account may write and not read, and a link to
 * storage may be signed for GET alone. What is sent then is refused in words of its own.
 */
const LOOKED = [...DONE, 203, 206, 400, 403, 404, 405, 406, 410, 416, 501]
/** After the registry has taken it, whoever may not read it either. */
const BELIEVED = [...LOOKED, 401]

/**
 * Writes images to one registry. Repositories are named in full: `registry.local:5000/team/web`. It holds connections:
 * close it. Source: distribution-spec 1.1, "Push".
 */
export class UploadClient {
  readonly #registries: EndpointFallback
  readonly #unread = new Map<string, number>()

  constructor(options: Omit<RegistryOptions, 'mirrors' | 'configured'> = {}) {
    this.#registries = new EndpointFallback(options)
  }

  /** Repositories in which nobody could see whether what was sent is there, and the status that a look was answered with. */
  get unread(): ReadonlyMap<string, number> {
    return this.#unread
  }

  /** Whether the repository has a manifest, byte for byte, under a tag or a digest. */
  async hasManifest(name: string, reference: string, manifest: Omit<Descriptor, 'size'>): Promise<boolean> {
    const { state } = await this.#look(name, `manifest ${reference}`, (ask) => lookAtManifest(ask, reference, manifest))
    return state === 'there'
  }

  /** Whether the repository has a blob. What answers everything with success does not know its length. */
  async hasBlob(name: string, blob: Descriptor): Promise<boolean> {
    const { state } = await this.#look(name, `blob ${blob.digest}`, (ask) => lookAtBlob(ask, blob))
    return state === 'there'
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
    // 202 begins an upload. Success is believed when the blob is there.
    if (status !== 201 && status !== 200 && status !== 204) return false
    const seen = await this.#at(name, `blob ${digest}`, (endpoint, subject) =>
      lookAtBlob(this.#asking(endpoint, subject, BELIEVED), blob, { isThorough: true }),
    )
    if (seen.state === 'unread' && status === 201) this.#unread.set(name, seen.status)
    return seen.state === 'there' || (seen.state === 'unread' && status === 201)
  }

  /** Uploads a blob, and looks whether it is there. After a break it goes on from where the registry says it is. */
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
    await this.#at(name, `blob ${blob.digest}`, async (endpoint, subject) => {
      const ask = this.#asking(endpoint, subject, BELIEVED)
      this.#believe(await lookAtBlob(ask, blob, { isThorough: true }), name, subject)
    })
  }

  /**
   * Sends a manifest, and looks whether its bytes are there: an answer may say what was sent and know nothing of it.
   *
   * @throws {ExpectedError} MANIFEST_BLOB_UNKNOWN when the registry wants what the manifest lists and does not have it.
   */
  async putManifest(name: string, reference: string, mediaType: string, bytes: Uint8Array): Promise<void> {
    const headers = { 'content-type': mediaType, 'content-length': `${bytes.byteLength}` }
    const request = { method: 'PUT', path: `manifests/${reference}`, headers, body: bytes } as const
    const manifest = { mediaType, digest: digestOf(bytes) }
    await this.#at(name, `manifest ${reference}`, async (endpoint, subject) => {
      this.#registries.expect(await this.#send(endpoint, request, subject), DONE, endpoint, subject)
      const seen = await lookAtManifest(this.#asking(endpoint, subject, BELIEVED), reference, manifest)
      this.#believe(seen, name, subject)
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

  #look(name: string, what: string, look: (ask: Ask) => Promise<Look>): Promise<Look> {
    return this.#at(name, what, (endpoint, subject) => look(this.#asking(endpoint, subject)))
  }

  #asking(endpoint: Endpoint, subject: Subject, wanted: readonly number[] = LOOKED): Ask {
    return async (request) =>
      this.#registries.expect(await this.#send(endpoint, request, subject), wanted, endpoint, subject)
  }

  /** @throws TransientError where what was taken is not there; another try sends it again, or finds it. */
  #believe({ state, status }: Look, name: string, subject: Subject): void {
    // Who may write and not read knows no more than before.
    if (state === 'unread') this.#unread.set(name, status)
    if (state === 'missing') throw new TransientError(notTaken(subject, 'has it not'))
    if (state === 'other') throw new TransientError(notTaken(subject, 'has something else there'))
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
