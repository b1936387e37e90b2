import { ExpectedError } from '../../errors.ts'
import type { BlobRange, BlobSizes, BlobState, Content } from '../../oci/content/content.ts'
import type { ImageNames, UnnamedEntry } from '../../oci/content/image-names.ts'
import { lackingBelow } from '../../oci/content/lacking.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf, isContentOf, splitDigest } from '../../oci/digest.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { type ByteFile, MAX_DOCUMENT_BYTES } from '../files/byte-file.ts'

/** A blob of an archive: a part of the file, or bytes that were made of it. */
export type ArchiveBlob =
  | { readonly size: number; readonly offset: number }
  | { readonly size: number; readonly bytes: Uint8Array }

/** What an archive holds, once somebody has made out which of its bytes are which blob. */
export interface ArchiveParts extends ImageNames {
  readonly blobs: ReadonlyMap<Digest, ArchiveBlob>
  readonly caveats: readonly string[]
}

/** An archive that is no OCI image layout. It takes the file over. */
export class ArchiveContent implements Content {
  readonly path: string
  readonly names: ReadonlyMap<string, Descriptor>
  readonly unnamed: readonly UnnamedEntry[]
  readonly caveats: readonly string[]
  readonly blobs: BlobSizes
  readonly #file: ByteFile
  readonly #blobs: ReadonlyMap<Digest, ArchiveBlob>

  constructor(file: ByteFile, { names, unnamed, caveats, blobs }: ArchiveParts) {
    this.path = file.path
    this.names = names
    this.unnamed = unnamed
    this.caveats = caveats
    this.blobs = blobs
    this.#file = file
    this.#blobs = blobs
  }

  lacking(): Promise<BlobSizes> {
    return lackingBelow(this)
  }

  async readDocument(digest: Digest): Promise<Uint8Array> {
    const blob = this.#find(digest)
    if ('bytes' in blob) return blob.bytes
    if (blob.size > MAX_DOCUMENT_BYTES) {
      throw new ExpectedError(
        'BUNDLE_INVALID',
        `${this.path}: blob ${digest} has ${formatBytes(blob.size)}, more than a document may have`,
      )
    }
    const bytes = await this.#file.read(blob.offset, blob.size)
    if (isContentOf(digest, bytes)) return bytes
    throw new ExpectedError('CONTENT_MISMATCH', `${this.path}: blob ${digest} is damaged`, {
      hint: 'Copy the archive again from where it was made.',
    })
  }

  async *openBlob(digest: Digest, { start = 0, end, reuse = false }: BlobRange = {}): AsyncGenerator<Uint8Array> {
    const blob = this.#find(digest)
    const stop = Math.min(end ?? blob.size, blob.size)
    if ('bytes' in blob) yield blob.bytes.subarray(start, stop)
    else yield* this.#file.stream(blob.offset + start, blob.offset + stop, { reuse })
  }

  async readInto(digest: Digest, buffer: Uint8Array, position: number): Promise<number> {
    const blob = this.#find(digest)
    const wanted = buffer.subarray(0, Math.max(blob.size - position, 0))
    if (!('bytes' in blob)) return this.#file.readInto(wanted, blob.offset + position)
    wanted.set(blob.bytes.subarray(position, position + wanted.length))
    return wanted.length
  }

  async hashBlob(digest: Digest, onBytes?: (count: number) => void): Promise<Digest> {
    const blob = this.#find(digest)
    const { algorithm } = splitDigest(digest)
    if ('bytes' in blob) return digestOf(blob.bytes, algorithm)
    return this.#file.hash({ start: blob.offset, end: blob.offset + blob.size, algorithm }, onBytes)
  }

  async stateOf(digest: Digest): Promise<BlobState> {
    const blob = this.#find(digest)
    const { offset, size } = 'bytes' in blob ? { offset: 0, size: 0 } : blob
    return { path: this.path, version: await this.#file.version(offset, offset + size) }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #find(digest: Digest): ArchiveBlob {
    const blob = this.#blobs.get(digest)
    if (blob) return blob
    throw new ExpectedError('BLOB_UNKNOWN', `${this.path}: holds no blob ${digest}`)
  }
}
