import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'

/**
 * What a registry server answers from, whether a bundle file or memory. Repositories have their full names
 * (`docker.io/library/nginx`), so that one server can stand in for every upstream registry.
 */
export interface RegistryContent {
  /** Full names, sorted. */
  repositories(): readonly string[]
  /** Sorted as the distribution-spec asks (ASCII order); empty for an unknown repository. */
  tags(repository: string): readonly string[]
  /** The manifest under a tag or a digest, whose bytes are known to be what the digest says. */
  findManifest(repository: string, reference: string): Promise<Descriptor | undefined>
  /** The size in bytes of a blob, or undefined when it is not here. */
  findBlobSize(digest: Digest): number | undefined
  /**
   * The bytes `start` up to and without `end` of a manifest or a blob. The last byte of one that is not what its digest
   * says may not be sent.
   *
   * @throws {ExpectedError} CONTENT_MISMATCH where it is known before
   */
  openBlob(digest: Digest, start: number, end: number): Promise<BlobSlice>
  /** Manifests whose subject is this digest, each with its artifact type. */
  referrers(repository: string, subject: Digest): Promise<readonly Descriptor[]>
}

/** The bytes `start` up to and without `end` of a blob, read when they are sent. */
export interface BlobSlice {
  readonly start: number
  readonly end: number
  /** Bytes of the whole blob. */
  readonly size: number
  /** Slices of the same source have the same bytes at the same place, so that they are read once for all. */
  readonly source: string
  /** Fills a buffer with bytes from `position` on; resolves to how many there were, at least one. */
  read(buffer: Uint8Array, position: number): Promise<number>
  /** Resolves when what was read of the bytes before `end` may be sent. @throws {ExpectedError} CONTENT_MISMATCH */
  allow(end: number): Promise<void>
}

export interface StoredManifest {
  readonly mediaType: string
  readonly digest: Digest
  readonly bytes: Uint8Array
}
