import { createHash } from 'node:crypto'
import type { Bundle } from '../bundle/format/bundle.ts'
import type { LaidOutFile } from '../bundle/format/frame.ts'
import { missingFindings } from '../bundle/format/left-out.ts'
import { type BundlePlan, indexOf, MAX_FILE_BYTES } from '../bundle/format/plan.ts'
import type { BlobEntry, BundleTable } from '../bundle/format/table.ts'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import type { BlobRange, BlobState, LackingBlobs } from '../oci/content/content.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { type Digest, digestOf, isContentOf, splitDigest } from '../oci/digest.ts'
import { quote } from '../quote.ts'
import { readPlan, readWhole } from './bundle-plan.ts'
import { ByteFile, MAX_DOCUMENT_BYTES } from './files/byte-file.ts'

/** A bundle opened for reading. It holds a file handle: close it. */
export class BundleFile implements Bundle {
  readonly path: string
  /** Bytes of the whole file. */
  readonly size: number
  readonly table: BundleTable
  /** The bytes of its index.json, as the table makes them: what a signature is over. */
  readonly index: Uint8Array
  /** Every blob of the file, by digest. */
  readonly blobs: ReadonlyMap<Digest, BlobEntry>
  /** Whether it lies in parts, which only this program reads. */
  readonly isInParts: boolean
  readonly #file: ByteFile
  readonly #files: ReadonlyMap<string, LaidOutFile>
  #names: ReadonlyMap<string, Descriptor> | undefined

  constructor(file: ByteFile, { files, table }: BundlePlan) {
    this.path = file.path
    this.size = file.size
    this.isInParts = file.isInParts
    this.table = table
    this.index = indexOf({ files })
    this.blobs = new Map(table.blobs.map((blob) => [blob.digest, blob]))
    this.#file = file
    this.#files = new Map(files.map((entry) => [entry.name, entry]))
  }

  get lock(): BundleTable['lock'] {
    return this.table.lock
  }

  get leftOut(): Finding[] {
    return missingFindings(this.lock)
  }

  get names(): ReadonlyMap<string, Descriptor> {
    this.#names ??= new Map(this.lock.images.flatMap(({ names, target }) => names.map((name) => [name, target])))
    return this.#names
  }

  async lacking(): Promise<LackingBlobs> {
    return new Map(this.table.requires?.map((blob) => [blob.digest, blob]))
  }

  /**
   * A file of the bundle that is no blob, such as `index.json` or `nodeseed/seed.sh`; undefined when it is not there.
   *
   * @throws {ExpectedError} CONTENT_MISMATCH when it is not what the table says.
   */
  async readFile(name: string): Promise<Buffer | undefined> {
    const entry = this.#files.get(name)
    const bytes = entry && (await readWhole(this.#file, entry, MAX_FILE_BYTES))
    const carried = this.table.files.find((file) => file.name === name)
    if (!bytes || !carried || isContentOf(carried.digest, bytes)) return bytes
    throw this.#damaged(name, carried.digest)
  }

  /**
   * A carried file of any size in chunks; the last comes before it is known whether it is the file that the table names.
   *
   * @throws {ExpectedError} CONTENT_MISMATCH at its end when it is not; BUNDLE_INVALID where none has that name
   */
  async *openFile(name: string): AsyncGenerator<Buffer> {
    const [entry, carried] = [this.#files.get(name), this.table.files.find((file) => file.name === name)]
    if (!entry || !carried) throw new ExpectedError('BUNDLE_INVALID', `${this.path}: carries no ${name}`)
    const { algorithm, hex } = splitDigest(carried.digest)
    const hash = createHash(algorithm)
    for await (const chunk of this.#file.stream(entry.offset, entry.offset + entry.size)) {
      hash.update(chunk)
      yield chunk
    }
    if (hash.digest('hex') !== hex) throw this.#damaged(name, carried.digest)
  }

  /**
   * A small blob, whole: a manifest, an index or a config.
   *
   * @throws {ExpectedError} BLOB_UNKNOWN; CONTENT_MISMATCH when the bytes are not what the digest says.
   */
  async readDocument(digest: Digest): Promise<Buffer> {
    const bytes = await readWhole(this.#file, { name: digest, ...this.#find(digest) }, MAX_DOCUMENT_BYTES)
    const actual = digestOf(bytes, splitDigest(digest).algorithm)
    if (actual === digest) return bytes
    throw new ExpectedError('CONTENT_MISMATCH', `${this.path}: blob ${digest} is damaged: it hashes to ${actual}`, {
      hint: `Run: nodeseed verify ${quote(this.path)}`,
    })
  }

  /**
   * A blob's bytes from `start` up to but without `end`, in chunks of 1 MiB, not hashed. With `reuse` a chunk is valid
   * only until the next is asked for.
   *
   * @throws {ExpectedError} BLOB_UNKNOWN
   */
  openBlob(digest: Digest, { start = 0, end, reuse = false }: BlobRange = {}): AsyncGenerator<Buffer> {
    const { offset, size } = this.#find(digest)
    return this.#file.stream(offset + start, offset + Math.min(end ?? size, size), { reuse })
  }

  /**
   * Fills a buffer with a blob's bytes from `position` on, not hashed; resolves to how many there were.
   *
   * @throws {ExpectedError} BLOB_UNKNOWN
   */
  async readInto(digest: Digest, buffer: Uint8Array, position: number): Promise<number> {
    const { offset, size } = this.#find(digest)
    return this.#file.readInto(buffer.subarray(0, Math.max(size - position, 0)), offset + position)
  }

  /** What a blob's bytes hash to now. @throws {ExpectedError} BLOB_UNKNOWN */
  async hashBlob(digest: Digest, onBytes?: (count: number) => void): Promise<Digest> {
    const { offset, size } = this.#find(digest)
    return this.#file.hash({ start: offset, end: offset + size, algorithm: splitDigest(digest).algorithm }, onBytes)
  }

  /** The files that it is read from, with their descriptors. */
  get openFiles(): readonly { readonly path: string; readonly fd: number }[] {
    return this.#file.openFiles
  }

  /** Another text once anything may have been written to them. */
  version(): Promise<string> {
    return this.#file.version(0, this.size)
  }

  async stateOf(digest: Digest): Promise<BlobState> {
    const { offset, size } = this.#find(digest)
    return { path: this.path, version: await this.#file.version(offset, offset + size) }
  }

  /** Whether it lies in parts of so many bytes; or, of no number, in one file. */
  isInPartsOf(partSize: number | undefined): boolean {
    return this.#file.isInPartsOf(partSize)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  #damaged(name: string, digest: Digest): ExpectedError {
    const problem = `${name} is damaged: it does not hash to ${digest}`
    return new ExpectedError('CONTENT_MISMATCH', `${this.path}: ${problem}`, {
      hint: `Run: nodeseed verify ${quote(this.path)}`,
    })
  }

  #find(digest: Digest): BlobEntry {
    const blob = this.blobs.get(digest)
    if (blob) return blob
    throw new ExpectedError('BLOB_UNKNOWN', `${this.path}: holds no blob ${digest}`)
  }
}

/**
 * Opens a bundle: the file must be, byte for byte, the only one that can have its table; the content of blobs and of
 * carried files is not read.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE; BUNDLE_INVALID with the first byte that is otherwise.
 */
export async function openBundle(path: string): Promise<BundleFile> {
  const file = await ByteFile.open(path)
  try {
    return await readBundle(file)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** The bundle that an open file is; the file is closed with it. @throws {ExpectedError} BUNDLE_INVALID */
export async function readBundle(file: ByteFile): Promise<BundleFile> {
  return new BundleFile(file, await readPlan(file))
}
