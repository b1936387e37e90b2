import type { Descriptor } from '../descriptor.ts'
import type { Digest } from '../digest.ts'
import type { UnnamedEntry } from './image-names.ts'

/** Which bytes of a blob, and what becomes of the chunks. */
export interface BlobRange {
  /** First byte; the beginning unless it is given. */
  readonly start?: number
  /** The byte behind the last; the end unless it is given. */
  readonly end?: number
  /** A chunk is valid only until the next is asked for: its memory is used again. */
  readonly reuse?: boolean
}

/** Blobs by their digest, each with its size in bytes. */
export type BlobSizes = ReadonlyMap<Digest, { readonly size: number }>

/** Blobs that are not there, and the repository (`domain/path`) that had them, where that is known. */
export type LackingBlobs = ReadonlyMap<Digest, { readonly size: number; readonly from?: string }>

/** The file that holds a blob. */
export interface BlobState {
  readonly path: string
  /** Another text once anything may have been written to the file: which file it is, its size, and when it was changed. */
  readonly version: string
}

/** Bytes of all blobs. */
export function sizeOfBlobs({ blobs }: Pick<Content, 'blobs'>): number {
  return blobs.values().reduce((sum, { size }) => sum + size, 0)
}

/**
 * Whatever holds images: a bundle, its parts, a delta over its base, an OCI image layout as a directory or as a tar. Who
 * verifies, pushes, serves, merges, compares or loads takes this and no narrower view of its own, so that one more kind
 * of place is one more file that implements it, and its line in `layout/open-content.ts`. It holds file handles: close it.
 */
export interface Content {
  /** The file, directory or address as people wrote it. */
  readonly path: string
  /** What each name stands for, as a runtime looks it up. */
  readonly names: ReadonlyMap<string, Descriptor>
  /** Every blob that is here: documents, configs and layers. */
  readonly blobs: BlobSizes
  /** What no name leads to, and why. */
  readonly unnamed?: readonly UnnamedEntry[]
  /** What its kind cannot promise, such as digests that a registry has too; sentences without a full stop. */
  readonly caveats?: readonly string[]
  /** Blobs that its images need and that are not here: what a delta leaves to its base. */
  lacking(): Promise<LackingBlobs>
  /**
   * A manifest, an index or a config, whole and hashed.
   *
   * @throws {ExpectedError} BLOB_UNKNOWN; BUNDLE_INVALID for one that is too large to be a document; CONTENT_MISMATCH
   *   when the bytes are not what the digest says.
   */
  readDocument(digest: Digest): Promise<Uint8Array>
  /** A blob's bytes in chunks, not hashed. @throws {ExpectedError} BLOB_UNKNOWN */
  openBlob(digest: Digest, range?: BlobRange): AsyncIterable<Uint8Array>
  /**
   * Fills a buffer with a blob's bytes from `position` on, not hashed; resolves to how many there were.
   *
   * @throws {ExpectedError} BLOB_UNKNOWN
   */
  readInto(digest: Digest, buffer: Uint8Array, position: number): Promise<number>
  /**
   * What a blob's bytes hash to now, where that is known faster than by handing them out; `hashBlob` asks for it.
   *
   * @throws {ExpectedError} BLOB_UNKNOWN
   */
  hashBlob?(digest: Digest, onBytes?: (count: number) => void): Promise<Digest>
  /** Where a blob lies, and in which state: what was read of it before holds while that is the same. @throws {ExpectedError} BLOB_UNKNOWN */
  stateOf(digest: Digest): Promise<BlobState>
  close(): Promise<void>
}
