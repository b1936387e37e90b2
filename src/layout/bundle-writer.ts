import { type FileHandle, open, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ExpectedError } from '../errors.ts'
import type { PlannedFile } from '../inventory.ts'
import { type Digest, digestOf } from '../oci/digest.ts'
import { BlobWriter } from './blob-writer.ts'
import { type BundleFile, openBundle } from './bundle-file.ts'
import { diskError } from './disk-error.ts'
import { Journal, type JournalRecord, readJournal } from './journal.ts'
import { encodeHeader } from './tar-header.ts'

/** A laid out bundle: what the writer needs of a plan. */
interface Plan {
  readonly files: readonly PlannedFile[]
  readonly size: number
}

/**
 * A bundle being written. Until `commit` the file has a temporary name beside the final one, and a journal; a later run
 * with the same plan goes on where this one ended. Blobs are written in place, in any order and at the same time.
 * It holds file handles: end with `commit`, or with `leave`.
 */
export class BundleWriter {
  readonly path: string
  /** What an earlier run with another plan left behind; its blobs may serve this one. */
  readonly leftover: BundleFile | undefined
  readonly #partial: string
  readonly #handle: FileHandle
  readonly #journal: Journal
  readonly #progress: JournalRecord['progress']
  readonly #planned: ReadonlyMap<Digest, PlannedFile>

  private constructor(
    path: string,
    { files }: Plan,
    state: {
      handle: FileHandle
      journal: Journal
      progress: JournalRecord['progress']
      leftover: BundleFile | undefined
    },
  ) {
    this.path = path
    this.leftover = state.leftover
    this.#partial = partialOf(path)
    this.#handle = state.handle
    this.#journal = state.journal
    this.#progress = state.progress
    this.#planned = new Map(files.flatMap((file) => (file.blob ? [[file.blob.digest, file] as const] : [])))
  }

  /**
   * Goes on with the partial file of the same plan, or makes one at its full size, with every header and every document
   * that is known; the rest is a hole.
   *
   * @throws {ExpectedError} OUTPUT_EXISTS while another run writes it, DISK_FULL, DISK_ERROR
   */
  static async create(path: string, plan: Plan): Promise<BundleWriter> {
    const partial = partialOf(path)
    const id = idOf(plan)
    const record = await readJournal(journalOf(partial))
    if (record && isOtherProcess(record.pid)) throw beingWritten(path, record.pid)
    try {
      const handle = await findPartial(partial, record, { id, size: plan.size })
      if (handle && record) {
        await checkSpace(path, plan.size, handle)
        const journal = await Journal.open(journalOf(partial), id, { resume: true })
        return new BundleWriter(path, plan, { handle, journal, progress: record.progress, leftover: undefined })
      }
      const leftover = record && (await keepLeftover(partial))
      const made = await makePartial(path, plan)
      const journal = await Journal.open(journalOf(partial), id, { resume: false })
      return new BundleWriter(path, plan, { handle: made, journal, progress: new Map(), leftover })
    } catch (error) {
      throw diskError(partial, error)
    }
  }

  /** Where the bytes of a planned blob go. */
  blob(digest: Digest): BlobWriter {
    const file = this.#planned.get(digest)
    if (!file?.blob) throw new Error(`${digest} is not planned`)
    return new BlobWriter(file.blob, {
      path: this.#partial,
      handle: this.#handle,
      offset: file.offset,
      known: this.#progress.get(digest) ?? 0,
      onWritten: (bytes) => this.#journal.note(digest, bytes),
    })
  }

  /** Brings every byte to the disk and gives the file its final name. Call it when every blob has arrived. */
  async commit(): Promise<void> {
    try {
      await this.#handle.sync()
      await this.#handle.close()
      await rename(this.#partial, this.path)
      await syncDirectory(dirname(this.path))
      await this.#journal.remove()
      await this.#dropLeftover()
    } catch (error) {
      throw diskError(this.path, error)
    }
  }

  /** Ends without a bundle; what arrived stays for the next run. */
  async leave(): Promise<void> {
    await this.#journal.close()
    await this.#handle.close()
    await this.leftover?.close()
  }

  async #dropLeftover(): Promise<void> {
    await this.leftover?.close()
    await rm(leftoverOf(this.#partial), { force: true })
  }
}

function partialOf(path: string): string {
  return `${path}.partial`
}

function journalOf(partial: string): string {
  return `${partial}.journal`
}

function leftoverOf(partial: string): string {
  return `${partial}.old`
}

/** index.json holds the digest of the table, and so stands for the whole plan. */
function idOf({ files }: Plan): string {
  const index = files.find(({ name }) => name === 'index.json')
  return digestOf(index?.content ?? '')
}

async function findPartial(
  partial: string,
  record: JournalRecord | undefined,
  { id, size }: { id: string; size: number },
): Promise<FileHandle | undefined> {
  if (record?.plan !== id) return undefined
  const handle = await open(partial, 'r+').catch(() => undefined)
  if (!handle || (await handle.stat()).size === size) return handle
  await handle.close()
  return undefined
}

/** Its head was complete before its journal began, so the partial file of another plan can be read as a bundle. */
async function keepLeftover(partial: string): Promise<BundleFile | undefined> {
  await rename(partial, leftoverOf(partial)).catch(() => {})
  return openBundle(leftoverOf(partial)).catch(() => undefined)
}

async function makePartial(path: string, { files, size }: Plan): Promise<FileHandle> {
  const handle = await open(partialOf(path), 'w+')
  try {
    await checkSpace(path, size, handle)
    await handle.truncate(size)
    for (const file of files) await writeHead(handle, file)
    return handle
  } catch (error) {
    await handle.close()
    await rm(partialOf(path), { force: true })
    throw error
  }
}

async function writeHead(handle: FileHandle, { name, size, offset, content }: PlannedFile): Promise<void> {
  const header = await encodeHeader(name, size)
  await handle.write(header, 0, header.length, offset - header.length)
  if (content) await handle.write(content, 0, content.length, offset)
}

/** Says so before an hour of download that the disk cannot hold it. Blocks that the partial file has count. */
async function checkSpace(path: string, size: number, handle: FileHandle): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path))
  const needed = size - (await handle.stat()).blocks * 512
  if (needed <= bavail * bsize) return
  throw new ExpectedError('DISK_FULL', `${path}: needs ${needed} bytes more, the disk has ${bavail * bsize} left`, {
    hint: 'Make room, or write to another disk.',
  })
}

/** A rename is on the disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path)
  await directory.sync().finally(() => directory.close())
}

function isOtherProcess(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function beingWritten(path: string, pid: number): ExpectedError {
  return new ExpectedError('OUTPUT_EXISTS', `${path}: process ${pid} is writing it now`, {
    hint: `Wait for it. If no such run is going on, remove ${journalOf(partialOf(path))} and try again.`,
  })
}
