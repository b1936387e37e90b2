import type { Bundle } from '../bundle/format/bundle.ts'
import { frameOf, type LaidOutFile } from '../bundle/format/frame.ts'
import { type Lock, missingFindings } from '../bundle/format/lock.ts'
import { type BundlePlan, indexOf, MAX_FILE_BYTES, planOfTable } from '../bundle/format/plan.ts'
import {
  type BlobEntry,
  BUNDLE_FRAME_ANNOTATION,
  BUNDLE_TABLE,
  type BundleTable,
  parseBundleTable,
} from '../bundle/format/table.ts'
import { BLOCK, encodeHeader, paddingAfter, sizeInHeader } from '../bundle/format/tar-header.ts'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import type { BlobRange, BlobState, LackingBlobs } from '../oci/content/content.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { type Digest, digestOf, isContentOf, splitDigest } from '../oci/digest.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { parseJson } from '../oci/json.ts'
import { quote } from '../quote.ts'
import { ByteFile, MAX_DOCUMENT_BYTES } from './files/byte-file.ts'
import { findDifference } from './fixed-bytes.ts'

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

  get lock(): Lock {
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
    throw new ExpectedError(
      'CONTENT_MISMATCH',
      `${this.path}: ${name} is damaged: it does not hash to ${carried.digest}`,
      {
        hint: `Run: nodeseed verify ${quote(this.path)}`,
      },
    )
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

/** Whether a file begins as a bundle does, so that it must be one. */
export async function beginsAsBundle(file: ByteFile): Promise<boolean> {
  return (await findTable(file)) !== undefined
}

async function readPlan(file: ByteFile): Promise<BundlePlan> {
  const table = await findTable(file)
  if (!table) {
    throw new ExpectedError('BUNDLE_INVALID', `${file.path}: not a bundle: it does not begin as one`, {
      hint: 'Make one with: nodeseed bundle INPUT... -o FILE',
    })
  }
  let value: unknown
  try {
    value = parseJson(await readWhole(file, table, MAX_FILE_BYTES))
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new ExpectedError('BUNDLE_INVALID', `${file.path}: ${BUNDLE_TABLE} is not JSON`, { cause })
  }
  const plan = planOf(value, `${file.path}: ${BUNDLE_TABLE}`)
  if (file.size !== plan.size && !(await namesItsFrame(file, table))) throw madeBefore(file)
  if (file.size < plan.size) throw file.truncated()
  const known = plan.files.flatMap(({ offset, content }) => (content ? [{ offset, bytes: content }] : []))
  const offset =
    (await findDifference(file, known)) ??
    (await findDifference(file, frameOf(plan.files))) ??
    (file.size > plan.size ? plan.size : undefined)
  if (offset === undefined) return plan
  throw new ExpectedError('BUNDLE_INVALID', `${file.path}: byte ${offset} is not what its table makes of it`, {
    hint: 'Copy the file again from where it was made: this one is damaged, or was changed on the way.',
  })
}

/** Whether the index.json before the table says the frame's digest, as that of every bundle of this form does. */
async function namesItsFrame(file: ByteFile, table: LaidOutFile): Promise<boolean> {
  if (table.offset > MAX_FILE_BYTES) return true
  return (await file.read(0, table.offset)).includes(`"${BUNDLE_FRAME_ANNOTATION}"`)
}

function madeBefore(file: ByteFile): ExpectedError {
  const message = `${file.path}: its index.json has no ${BUNDLE_FRAME_ANNOTATION}: an earlier nodeseed made it, or it was changed`
  return new ExpectedError('BUNDLE_INVALID', message, { hint: 'Make it again with this nodeseed, from its lock.' })
}

/** @throws {ExpectedError} BUNDLE_INVALID for whatever no bundle's table says. */
function planOf(value: unknown, where: string): BundlePlan {
  try {
    return planOfTable(parseBundleTable(value, where))
  } catch (cause) {
    if (!(cause instanceof ExpectedError) || cause.code === 'BUNDLE_INVALID') throw cause
    const message = cause.message.startsWith(where) ? cause.message : `${where}: ${cause.message}`
    throw new ExpectedError('BUNDLE_INVALID', message, { ...(cause.hint && { hint: cause.hint }), cause })
  }
}

/** The table is the third file of every bundle; how long the two before it are, their headers say. */
async function findTable(file: ByteFile): Promise<LaidOutFile | undefined> {
  let end = 0
  let table: LaidOutFile | undefined
  for (const name of ['oci-layout', 'index.json', BUNDLE_TABLE]) {
    if (end + BLOCK > file.size) return undefined
    const header = await file.read(end, BLOCK)
    const size = sizeInHeader(header)
    if (size === undefined || !header.equals(encodeHeader(name, size))) return undefined
    table = { name, size, offset: end + BLOCK }
    end = table.offset + size + paddingAfter(size)
  }
  return table
}

async function readWhole(file: ByteFile, { name, size, offset }: LaidOutFile, limit: number): Promise<Buffer> {
  if (size <= limit) return file.read(offset, size)
  throw new ExpectedError(
    'BUNDLE_INVALID',
    `${file.path}: ${name} has ${formatBytes(size)}, more than a document may have`,
  )
}
