import { ExpectedError } from '../../errors.ts'
import type { BlobSink } from '../../oci/content/blob-sink.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  isIndexType,
  isManifestType,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../oci/media-type.ts'
import { formatReference, type Reference } from '../../oci/reference.ts'
import type { ReferrerList } from '../../oci/referrers.ts'
import { type Endpoint, endpointAt } from '../config/endpoint.ts'
import { responseError } from '../failures/response-error.ts'
import type { Quota } from '../http/pull-quota.ts'
import { TransientError } from '../http/retry.ts'
import type { Subject } from '../http/subject.ts'
import { bringInPieces, SlowTransferDetector } from '../transfer/pieces.ts'
import { Transfer } from '../transfer/transfer.ts'
import { EndpointFallback, type RegistryOptions, subjectAt } from './endpoint-fallback.ts'
import { readForeignLayer } from './foreign-layer.ts'
import { Givers } from './givers.ts'
import { listReferrers } from './list-referrers.ts'
import { listTags } from './list-tags.ts'
import { bodyWith, describe, descriptorOf, otherBytes, WHOLE } from './manifest-response.ts'

const ACCEPT = [OCI_INDEX, DOCKER_INDEX, OCI_MANIFEST, DOCKER_MANIFEST].join(', ')

/** Reads images from registries. It holds connections: close it. Source: distribution-spec 1.1. */
export class RegistryClient {
  readonly #registries: EndpointFallback
  readonly #givers = new Givers()

  constructor(options: RegistryOptions = {}) {
    this.#registries = new EndpointFallback(options)
  }

  /**
   * What a reference stands for now. Asks with HEAD, because some registries count every GET of a manifest; with
   * `isWhole` for the manifest itself, since a HEAD may come from a cache that is older.
   *
   * @throws {ExpectedError} MANIFEST_UNKNOWN, UNAUTHORIZED, DENIED, TOOMANYREQUESTS, UNSUPPORTED, REGISTRY_UNREACHABLE,
   * REGISTRY_ERROR
   */
  async resolve(reference: Reference, { isWhole = false } = {}): Promise<Descriptor> {
    const subject = { registry: reference.domain, what: `image ${formatReference(reference)}` }
    const name = reference.digest ?? reference.tag ?? 'latest'
    const ask = async (endpoint: Endpoint) => {
      const described = isWhole ? undefined : await this.#head(endpoint, name, reference, subject)
      if (described) return described
      // Some registries do not know HEAD, or answer it without a digest; and only GET has an error's words.
      const response = await this.#registries.send(
        endpoint,
        { path: `manifests/${name}`, headers: { accept: ACCEPT } },
        subject,
      )
      this.#registries.expect(response, WHOLE, endpoint, subject)
      return describe(response, reference.digest, subject)
    }
    return this.#registries.atEndpoints(reference, subject, ask, { byTag: !reference.digest })
  }

  /** What a HEAD says; undefined where only the manifest itself can. */
  async #head(
    endpoint: Endpoint,
    name: string,
    { digest }: Reference,
    subject: Subject,
  ): Promise<Descriptor | undefined> {
    const head = await this.#registries.send(
      endpoint,
      { method: 'HEAD', path: `manifests/${name}`, headers: { accept: ACCEPT } },
      subject,
    )
    const described = head.status === 200 ? descriptorOf(head) : undefined
    if (described && (!digest || described.digest === digest)) return described
    // Where every GET counts, none is spent on words for what is clear.
    const isCounted = this.#registries.pullQuota(endpoint).quota !== undefined
    if (head.status === 404 && isCounted) this.#registries.expect(head, [200], endpoint, subject)
    return undefined
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
    return this.#registries.atEndpoints(repository, subject, async (endpoint) => {
      const path = isManifest ? `manifests/${digest}` : `blobs/${digest}`
      const response = await this.#registries.send(
        endpoint,
        { path, ...(isManifest && { headers: { accept: ACCEPT } }) },
        subject,
      )
      this.#registries.expect(response, WHOLE, endpoint, subject)
      // The digest decides: sizes in headers and lists are sometimes wrong.
      const body = bodyWith(response, digest)
      if (!body) throw new TransientError(otherBytes(response, digest, subject))
      return body
    })
  }

  /**
   * Sends a blob's bytes to the sink, from where the sink stands to the end. A transfer that breaks goes on where it
   * broke. The sink checks the bytes; a blob that is asked for from its beginning once more was not what its digest says,
   * and comes from somebody else where there is one. Manifests have an address of their own.
   */
  async readBlob(repository: Reference, blob: Descriptor, sink: BlobSink): Promise<void> {
    if (isDocument(blob)) return void (await sink.write(await this.readDocument(repository, blob)))
    const subject = { registry: repository.domain, what: `blob ${blob.digest}` }
    const transfer = new Transfer(blob, sink)
    const progress = () => sink.received
    const distrusted = sink.received === 0 ? this.#givers.distrust(blob.digest) : []
    let last: Subject = subject
    const ask = async (endpoint: Endpoint) => {
      const named = subjectAt(endpoint, subject)
      last = named
      if (sink.received === 0) this.#givers.note(blob.digest, endpoint)
      const left = blob.size - sink.received
      const detector = transfer.mayBeSplit
        ? new SlowTransferDetector(this.#registries.limit(endpoint), left)
        : undefined
      let piece: number | undefined
      const receive = transfer.receive(named, (bytes) => {
        piece = detector?.arrived(bytes)
        return piece === undefined ? undefined : 'enough'
      })
      const path = `blobs/${blob.digest}`
      const response = await this.#registries.send(endpoint, { path, headers: transfer.range, receive }, subject)
      if (piece !== undefined) return this.#readInPieces(endpoint, transfer, { blob, sink, subject: named, piece })
      transfer.check(response, named)
      this.#registries.expect(response, WHOLE, endpoint, subject)
      transfer.finish(named)
    }
    try {
      await this.#registries.atEndpoints(repository, subject, ask, { progress, distrusted })
    } catch (error) {
      // A registry may not hand such a layer out; its descriptor says who does.
      if (!(error instanceof ExpectedError) || error.code !== 'BLOB_UNKNOWN' || !blob.urls?.length) throw error
      const registry = endpointAt(repository.domain, [])
      await readForeignLayer(blob.urls, subject, (url) => this.#readForeign(registry, url, transfer, subject))
      return
    }
    transfer.checkDigest(last)
  }

  /** The rest of a blob, over several connections. What fails is left to a try over one. */
  async #readInPieces(
    endpoint: Endpoint,
    transfer: Transfer,
    { blob, sink, subject, piece: size }: { blob: Descriptor; sink: BlobSink; subject: Subject; piece: number },
  ): Promise<void> {
    transfer.mayBeSplit = false
    await bringInPieces({ size: blob.size, piece: size }, sink, async (piece, into) => {
      let left = piece.end - piece.start
      const receive = transfer.receivePiece(piece, into, (bytes) => {
        left -= bytes
        if (left < 0) throw new TransientError(transfer.broken(subject))
      })
      const request = {
        path: `blobs/${blob.digest}`,
        headers: { range: `bytes=${piece.start}-${piece.end - 1}` },
        receive,
      }
      const { status } = await this.#registries.send(endpoint, request, subject)
      // What follows must not be put where this is missing.
      if (status !== 206 || left > 0) throw new TransientError(transfer.broken(subject))
    })
  }

  /** A blob from an address that is no registry's: nothing of ours is shown there. */
  async #readForeign(registry: Endpoint, url: URL, transfer: Transfer, original: Subject): Promise<void> {
    const subject = { registry: url.host, what: `${original.what} of ${original.registry}` }
    const { connection } = this.#registries
    await connection.attempt(subject, async () => {
      const receive = transfer.receive(subject, () => undefined)
      const request = { url, method: 'GET', headers: transfer.range } as const
      const response = await connection.sendElsewhere(registry, request, receive)
      transfer.check(response, subject)
      if (!WHOLE.includes(response.status)) throw responseError(subject, response)
      transfer.finish(subject)
    })
  }

  /** What is attached to a manifest. @throws {ExpectedError} as {@link listReferrers} */
  listReferrers(repository: Reference, digest: Digest): Promise<ReferrerList> {
    return listReferrers(this.#registries, repository, digest)
  }

  /** Every tag of a repository. @throws {ExpectedError} as {@link listTags} */
  listTags(repository: Reference): Promise<readonly string[]> {
    return listTags(this.#registries, repository)
  }

  /** How many manifests a registry still gives, as it said last; undefined where it sets no limit. */
  quotaOf({ domain }: Pick<Reference, 'domain'>): Quota | undefined {
    return this.#registries.quotaOf(domain)
  }

  async close(): Promise<void> {
    await this.#registries.connection.close()
  }
}

function isDocument({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType)
}
