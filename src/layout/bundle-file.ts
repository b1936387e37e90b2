import type { Bundle } from '../bundle/format/bundle.ts'
import type { Lock } from '../bundle/format/lock.ts'
import { type BlobEntry, BUNDLE_TABLE, type BundleTable, parseBundleTable } from '../bundle/format/table.ts'
import { ExpectedError } from '../errors.ts'
import type { BlobRange, BlobSizes } from '../oci/content.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { type Digest, digestOf, splitDigest } from '../oci/digest.ts'
import { blobName } from '../oci/image-layout.ts'
import { parseJson } from '../oci/json.ts'
import { ByteFile, MAX_DOCUMENT_BYTES } from './files/byte-file.ts'
import { indexTar, type TarEntry } from './tar/tar-index.ts'

/** A bundle opened for reading. It holds a file handle: close it. */
export class BundleFile implements Bundle {
  readonly path: string
  /** Bytes of the whole file. */
  readonly size: number
  readonly table: BundleTable
  /** Every blob of the file, by digest. */
  readonly blobs: ReadonlyMap<Digest, BlobEntry>
  /** Whether it lies in parts, which only this program reads. */
  readonly isInParts: boolean
  readonly #file: ByteFile
  readonly #entries: ReadonlyMap<string, TarEntry>
  #names: ReadonlyMap<string, Descriptor> | undefined

  constructor(file: ByteFile, entries: ReadonlyMap<string, TarEntry>, table: BundleTable) {
    this.path = file.path
    this.size = file.size
    this.isInParts = file.isInParts
    this.table = table
    this.blobs = new Map(table.blobs.map((blob) => [blob.digest, blob]))
    this.#file = file
    this.#entries = entries
  }

  get lock(): Lock {
    return this.table.lock
  }

  get names(): ReadonlyMap<string, Descriptor> {
    this.#names ??= new Map(this.lock.images.flatMap(({ names, target }) => names.map((name) => [name, target])))
    return this.#names
  }

  async lacking(): Promise<BlobSizes> {
    return new Map(this.table.requires?.map((blob) => [blob.digest, blob]))
  }

  /** A file of the bundle that is no blob, such as `index.json` or `nodeseed/seed.sh`; undefined when it is not there. */
  async readFile(name: string): Promise<Buffer | undefined> {
    const entry = this.#entries.get(name)
    return entry && readDocument(this.#file, entry)
  }

  /**
   * A small blob, whole: a manifest, an index or a config.
   *
   * @throws {ExpectedError} BLOB_UNKNOWN; CONTENT_MISMATCH when the bytes are not what the digest says.
   */
  async readDocument(digest: Digest): Promise<Buffer> {
    const bytes = await readDocument(this.#file, { name: digest, ...this.#find(digest) })
    const actual = digestOf(bytes, splitDigest(digest).algorithm)
    if (actual === digest) return bytes
    throw new ExpectedError('CONTENT_MISMATCH', `${this.path}: blob ${digest} is damaged: it hashes to ${actual}`, {
      hint: `Run: nodeseed verify ${this.path}`,
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

  async close(): Promise<void> {
    await this.#file.close()
  }

  #find(digest: Digest): BlobEntry {
    const blob = this.blobs.get(digest)
    if (blob) return blob
    throw new ExpectedError('BLOB_UNKNOWN', `${this.path}: holds no blob ${digest}`)
  }
}

/**
 * Opens a bundle. The tar itself says where each blob is; a table that says otherwise is an error.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, BUNDLE_INVALID
 */
export async function openBundle(path: string): Promise<BundleFile> {
  const file = await ByteFile.open(path)
  try {
    const entries = await indexTar(file)
    const table = await readTable(file, entries)
    checkTable(path, table, entries)
    return new BundleFile(file, entries, table)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readTable(file: ByteFile, entries: ReadonlyMap<string, TarEntry>): Promise<BundleTable> {
  const entry = entries.get(BUNDLE_TABLE)
  if (!entry) {
    throw new ExpectedError('BUNDLE_INVALID', `${file.path}: not a bundle: it has no ${BUNDLE_TABLE}`, {
      hint: 'Make one with: nodeseed bundle INPUT... -o FILE',
    })
  }
  const bytes = await readDocument(file, entry)
  let value: unknown
  try {
    value = parseJson(bytes)
  } catch (cause) {
    throw new ExpectedError('BUNDLE_INVALID', `${file.path}: ${BUNDLE_TABLE} is not JSON`, { cause })
  }
  return parseBundleTable(value, `${file.path}: ${BUNDLE_TABLE}`)
}

function checkTable(path: string, { blobs, files }: BundleTable, entries: ReadonlyMap<string, TarEntry>): void {
  const own = ['oci-layout', 'index.json', BUNDLE_TABLE, ...files.map(({ name }) => name)]
  const listed = new Set([...own, ...blobs.map(({ digest }) => blobName(digest))])
  const stranger = [...entries.keys()].find((name) => !listed.has(name))
  if (stranger || listed.size < own.length + blobs.length) {
    const problem = stranger ? `does not list ${stranger}` : 'lists a file twice'
    throw new ExpectedError('BUNDLE_INVALID', `${path}: its table ${problem}`)
  }
  for (const { digest, size, offset } of blobs) {
    const entry = entries.get(blobName(digest))
    if (entry?.size === size && entry.offset === offset) continue
    const problem = entry ? `has it at byte ${entry.offset} with ${entry.size} bytes` : 'lacks it'
    throw new ExpectedError('BUNDLE_INVALID', `${path}: its table lists blob ${digest}, the archive ${problem}`, {
      hint: 'Copy the file again, or make it again: this one is damaged.',
    })
  }
}

async function readDocument(file: ByteFile, { name, size, offset }: TarEntry): Promise<Buffer> {
  if (size <= MAX_DOCUMENT_BYTES) return file.read(offset, size)
  throw new ExpectedError('BUNDLE_INVALID', `${file.path}: ${name} has ${size} bytes, more than a document may have`)
}
