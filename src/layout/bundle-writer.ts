import { rmSync } from 'node:fs'
import { rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { indexOf, type PlannedFile } from '../bundle/format/plan.ts'
import { encodeHeader } from '../bundle/format/tar-header.ts'
import { FileLock } from '../disk/file-lock.ts'
import { outputExists } from '../disk/output-place.ts'
import { leftoversBeside, newNameBeside } from '../disk/own-name.ts'
import { onEarlyEnd } from '../early-end.ts'
import { ExpectedError, writeError } from '../errors.ts'
import { type Digest, digestOf } from '../oci/digest.ts'
import { BlobWriter } from './blob-writer.ts'
import { type BundleFile, openBundle } from './bundle-file.ts'
import { findParts, isThere } from './files/part-name.ts'
import { PartedFile, type Shape } from './files/parted-file.ts'
import { Journal, readJournal } from './journal.ts'

/** A laid out bundle: what the writer needs of a plan. */
interface Plan {
  readonly files: readonly PlannedFile[]
  readonly size: number
}

/**
 * A bundle being written, by one run at a time. Until `commit` the file has a temporary name beside the final one, and a
 * journal; a later run with the same plan goes on where this one ended. Blobs are written in place, in any order and at
 * the same time. It holds file handles and a lock: end with `commit`, or with `leave`.
 */
export class BundleWriter {
  readonly path: string
  /** What has arrived lies here until `commit`. */
  readonly partial: string
  /** What an earlier run with another plan left behind; its blobs may serve this one. */
  readonly leftover: BundleFile | undefined
  readonly #lock: FileLock
  readonly #file: PartedFile
  readonly #journal: Journal
  readonly #planned: ReadonlyMap<Digest, PlannedFile>
  readonly #forget: () => void

  private constructor(path: string, { files }: Plan, lock: FileLock, { file, journal, leftover }: OpenPartial) {
    this.path = path
    this.partial = partialOf(path)
    this.leftover = leftover
    this.#lock = lock
    this.#file = file
    this.#journal = journal
    this.#planned = new Map(files.flatMap((file) => (file.blob ? [[file.blob.digest, file] as const] : [])))
    this.#forget = onEarlyEnd(() => this.#endAtOnce())
  }

  /**
   * Goes on with the partial file of the same plan, or makes one at its full size, with every header and every document
   * that is known; the rest is a hole.
   *
   * @throws {ExpectedError} OUTPUT_EXISTS while another run writes it, or where its temporary names are taken;
   *   DISK_FULL, DISK_ERROR
   */
  static async create(
    path: string,
    plan: Plan,
    { partSize }: { partSize?: number | undefined } = {},
  ): Promise<BundleWriter> {
    const lock = await FileLock.acquire(path)
    try {
      return new BundleWriter(path, plan, lock, await openPartial(path, plan, { size: plan.size, partSize }))
    } catch (error) {
      lock.release()
      throw writeError(partialOf(path), error)
    }
  }

  /** Removes what runs that were killed after their bundle was complete left beside it. */
  static async tidy(path: string): Promise<void> {
    const lock = await FileLock.acquire(path).catch(() => undefined)
    if (!lock) return
    removeLeftovers(path)
    const isLeft = await isThere((await findParts(partialOf(path)))[0] ?? '')
    if (!isLeft && (await readJournal(journalOf(path)))) await rm(journalOf(path), { force: true })
    lock.release()
  }

  /** Bytes of blobs that are in the partial file. */
  get arrived(): number {
    return this.#journal.arrived
  }

  /** Where the bytes of a planned blob go. */
  blob(digest: Digest): BlobWriter {
    const file = this.#planned.get(digest)
    if (!file?.blob) throw new Error(`${digest} is not planned`)
    return new BlobWriter(file.blob, {
      file: this.#file,
      offset: file.offset,
      known: this.#journal.known(digest),
      onWritten: (bytes) => this.#journal.note(digest, bytes),
    })
  }

  /** Brings every byte to the disk and gives the file its final name. Call it when every blob has arrived. */
  async commit(): Promise<void> {
    try {
      await this.#file.sync()
      if (this.#file.isInParts) await this.#journal.notePublishing()
      await this.#file.publish(this.path)
      await this.#journal.remove()
      await this.#end()
    } catch (error) {
      throw writeError(this.path, error)
    }
  }

  /** Ends without a bundle. What arrived stays for the next run; where nothing did, nothing stays. */
  async leave(): Promise<void> {
    if (this.arrived > 0) {
      await this.#journal.close()
      await this.#file.close()
    } else {
      await this.#file.remove()
      await this.#journal.remove()
    }
    await this.#end()
  }

  #endAtOnce(): void {
    if (this.arrived === 0)
      for (const name of [...this.#file.names, journalOf(this.path)]) rmSync(name, { force: true })
    removeLeftovers(this.path)
  }

  async #end(): Promise<void> {
    this.#forget()
    await this.leftover?.close()
    removeLeftovers(this.path)
    this.#lock.release()
  }
}

interface OpenPartial {
  readonly file: PartedFile
  readonly journal: Journal
  readonly leftover: BundleFile | undefined
}

async function openPartial(path: string, plan: Plan, shape: Shape): Promise<OpenPartial> {
  removeLeftovers(path)
  const [partial, id, record] = [partialOf(path), idOf(plan, shape), await readJournal(journalOf(path))]
  if (record?.isPublishing && record.plan === id) await PartedFile.unpublish(partial, path, shape)
  const known = record?.plan === id ? await PartedFile.reopen(partial, shape) : undefined
  if (known && record) {
    await checkSpace(path, shape, known)
    // A crash of the machine may have lost what was written of them.
    for (const planned of plan.files) await writeHead(known, planned)
    return { file: known, journal: await Journal.goOn(journalOf(path), record), leftover: undefined }
  }
  const leftover = record && (await keepLeftover(path))
  if (record) await rm(journalOf(path))
  const journal = await Journal.start(journalOf(path), id)
  try {
    return { file: await makePartial(path, plan, shape), journal, leftover }
  } catch (error) {
    await journal.remove()
    throw error
  }
}

function partialOf(path: string): string {
  return `${path}.partial`
}

function journalOf(path: string): string {
  return `${partialOf(path)}.journal`
}

function removeLeftovers(path: string): void {
  for (const name of leftoversBeside(path, 'tmp')) rmSync(name, { force: true })
}

/** index.json holds the digest of the table, and so stands for the whole plan. */
function idOf(plan: Plan, { partSize }: Shape): string {
  return `${digestOf(indexOf(plan))}${partSize === undefined ? '' : `/${partSize}`}`
}

/** The partial file of another plan, readable as a bundle where its head was complete. */
async function keepLeftover(path: string): Promise<BundleFile | undefined> {
  const [partial, leftover] = [partialOf(path), newNameBeside(path, 'tmp')]
  for (const name of await findParts(partial)) {
    await rename(name, `${leftover}${name.slice(partial.length)}`).catch(() => {})
  }
  return openBundle(leftover).catch(() => undefined)
}

async function makePartial(path: string, { files }: Plan, shape: Shape): Promise<PartedFile> {
  const file = await PartedFile.create(partialOf(path), shape).catch((error) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? inTheWay(error) : error
  })
  try {
    await checkSpace(path, shape, file)
    await file.allocate()
    for (const planned of files) await writeHead(file, planned)
    return file
  } catch (error) {
    await file.remove()
    throw error
  }
}

async function writeHead(file: PartedFile, { name, size, offset, content }: PlannedFile): Promise<void> {
  const header = encodeHeader(name, size)
  await file.write(header, offset - header.length)
  if (content) await file.write(content, offset)
}

/** Says so before an hour of download that the disk cannot hold it. Blocks that the partial file has count. */
async function checkSpace(path: string, { size }: Shape, file: PartedFile): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path))
  const needed = (await file.stats()).reduce((rest, { blocks }) => rest - blocks * 512, size)
  if (needed <= bavail * bsize) return
  throw new ExpectedError('DISK_FULL', `${path}: needs ${needed} bytes more, the disk has ${bavail * bsize} left`, {
    hint: 'Make room, or write to another disk.',
  })
}

function inTheWay({ path = '' }: NodeJS.ErrnoException): ExpectedError {
  return outputExists(path, 'No run of nodeseed left it. Move it away, or write to another file.')
}
