import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { type Endpoint, type EndpointOptions, endpointAt } from '../config/endpoint.ts'
import { Connection, type ConnectionOptions, expectStatus } from '../http/connection.ts'
import type { Subject } from '../http/network-error.ts'
import type { HttpResponse } from '../http/send-request.ts'
import { type UploadRequest, upload } from './upload.ts'

/** Bytes of a blob from an offset to its end. A chunk is used up when the next is asked for. */
export type OpenBlob = (start: number) => AsyncIterable<Uint8Array>

/**
 * Writes images to one registry. Repositories are named in full: `registry.local:5000/team/web`. It holds connections:
 * close it. Source: distribution-spec 1.1, "Push".
 */
export class UploadClient {
  readonly #plainHttp: readonly string[]
  readonly #connection: Connection
  #mayMount = true

  constructor({ plainHttp = [], ...options }: ConnectionOptions & Pick<EndpointOptions, 'plainHttp'> = {}) {
    this.#plainHttp = plainHttp
    this.#connection = new Connection(options, 'pull,push')
  }

  /** The digest under a tag or a digest; undefined when the repository does not have it. */
  async findManifest(name: string, reference: string, mediaType: string): Promise<Digest | undefined> {
    const found = await this.#try(name, `manifest ${reference}`, async (endpoint, subject) => {
      const url = this.#url(endpoint, `manifests/${reference}`)
      return expectStatus(
        await this.#ask(endpoint, { method: 'HEAD', url, headers: { accept: mediaType } }),
        [200, 404],
        endpoint,
        subject,
      )
    })
    return found.status === 200 ? (found.headers['docker-content-digest'] as Digest | undefined) : undefined
  }

  async hasBlob(name: string, { digest }: Descriptor): Promise<boolean> {
    const { status } = await this.#try(name, `blob ${digest}`, async (endpoint, subject) => {
      const url = this.#url(endpoint, `blobs/${digest}`)
      return expectStatus(await this.#ask(endpoint, { method: 'HEAD', url }), [200, 404], endpoint, subject)
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
      return expectStatus(await this.#ask(endpoint, { method: 'POST', url }), [201, 202, 401, 403], endpoint, subject)
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
        return expectStatus(
          await this.#ask(endpoint, { method: 'PUT', url, headers, body: counted }),
          [201],
          endpoint,
          subject,
        )
      },
      () => received,
    )
  }

  /** @throws {ExpectedError} MANIFEST_BLOB_UNKNOWN when the registry wants what the manifest lists and does not have it. */
  async putManifest(name: string, reference: string, mediaType: string, bytes: Uint8Array): Promise<void> {
    await this.#try(name, `manifest ${reference}`, async (endpoint, subject) => {
      const url = this.#url(endpoint, `manifests/${reference}`)
      const headers = { 'content-type': mediaType, 'content-length': `${bytes.byteLength}` }
      return expectStatus(
        await this.#ask(endpoint, { method: 'PUT', url, headers, body: bytes }),
        [201],
        endpoint,
        subject,
      )
    })
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #startUpload(endpoint: Endpoint, subject: Subject): Promise<URL> {
    const url = this.#url(endpoint, 'blobs/uploads/')
    const response = expectStatus(await this.#ask(endpoint, { method: 'POST', url }), [202], endpoint, subject)
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
    ask: (endpoint: Endpoint, subject: Subject) => Promise<HttpResponse>,
    progress?: () => number,
  ): Promise<HttpResponse> {
    const endpoint = endpointAt(name, this.#plainHttp)
    const subject = { registry: endpoint.base.host, what: `${what} in ${name}` }
    return this.#connection.attempt(subject, () => ask(endpoint, subject), { progress })
  }

  #ask(endpoint: Endpoint, request: UploadRequest): Promise<HttpResponse> {
    const { timeouts } = this.#connection
    return this.#connection.ask(endpoint, request.url, ({ dispatcher, headers }) =>
      upload(dispatcher, { ...request, headers: { ...headers, ...request.headers } }, timeouts),
    )
  }
}

/** Where the registry wants the rest; it may be another host, to which no credentials go. */
function locationOf({ url, headers }: HttpResponse): URL | undefined {
  const { location } = headers
  return typeof location === 'string' && URL.canParse(location, url.href) ? new URL(location, url) : undefined
}
