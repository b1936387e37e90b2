import { rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { PlannedFile } from '../bundle/format/plan.ts'
import { encodeHeader } from '../bundle/format/tar-header.ts'
import { ExpectedError, writeError } from '../errors.ts'
import { type Digest, digestOf } from '../oci/digest.ts'
import { BlobWriter } from './blob-writer.ts'
import { type BundleFile, openBundle } from './bundle-file.ts'
import { findParts } from './files/part-name.ts'
import { PartedFile, type Shape } from './files/parted-file.ts'
import { Journal, type JournalRecord, readJournal } from './journal.ts'

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
  readonly #file: PartedFile
  readonly #journal: Journal
  readonly #progress: JournalRecord['progress']
  readonly #planned: ReadonlyMap<Digest, PlannedFile>

  private constructor(
    path: string,
    { files }: Plan,
    state: {
      file: PartedFile
      journal: Journal
      progress: JournalRecord['progress']
      leftover: BundleFile | undefined
    },
  ) {
    this.path = path
    this.leftover = state.leftover
    this.#partial = partialOf(path)
    this.#file = state.file
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
  static async create(
    path: string,
    plan: Plan,
    { partSize }: { partSize?: number | undefined } = {},
  ): Promise<BundleWriter> {
    const partial = partialOf(path)
    const shape = { size: plan.size, partSize }
    const id = idOf(plan, shape)
    const record = await readJournal(journalOf(partial))
    if (record && isOtherProcess(record.pid)) throw beingWritten(path, record.pid)
    try {
      const known = record?.plan === id ? await PartedFile.reopen(partial, shape) : undefined
      if (known && record) {
        await checkSpace(path, shape, known)
        const journal = await Journal.open(journalOf(partial), id, { resume: true })
        return new BundleWriter(path, plan, { file: known, journal, progress: record.progress, leftover: undefined })
      }
      const leftover = record && (await keepLeftover(partial))
      const file = await makePartial(path, plan, shape)
      const journal = await Journal.open(journalOf(partial), id, { resume: false })
      return new BundleWriter(path, plan, { file, journal, progress: new Map(), leftover })
    } catch (error) {
      throw writeError(partial, error)
    }
  }

  /** Where the bytes of a planned blob go. */
  blob(digest: Digest): BlobWriter {
    const file = this.#planned.get(digest)
    if (!file?.blob) throw new Error(`${digest} is not planned`)
    return new BlobWriter(file.blob, {
      file: this.#file,
      offset: file.offset,
      known: this.#progress.get(digest) ?? 0,
      onWritten: (bytes) => this.#journal.note(digest, bytes),
    })
  }

  /** Brings every byte to the disk and gives the file its final name. Call it when every blob has arrived. */
  async commit(): Promise<void> {
    try {
      await this.#file.publish(this.path)
      await this.#journal.remove()
      await this.#dropLeftover()
    } catch (error) {
      throw writeError(this.path, error)
    }
  }

  /** Ends without a bundle; what arrived stays for the next run. */
  async leave(): Promise<void> {
    await this.#journal.close()
    await this.#file.close()
    await this.leftover?.close()
  }

  async #dropLeftover(): Promise<void> {
    await this.leftover?.close()
    for (const name of await findParts(leftoverOf(this.#partial))) await rm(name, { force: true })
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
function idOf({ files }: Plan, { partSize }: Shape): string {
  const index = files.find(({ name }) => name === 'index.json')
  return `${digestOf(index?.content ?? '')}${partSize === undefined ? '' : `/${partSize}`}`
}

/** Its head was complete before its journal began, so the partial file of another plan can be read as a bundle. */
async function keepLeftover(partial: string): Promise<BundleFile | undefined> {
  for (const name of await findParts(partial)) {
    await rename(name, `${leftoverOf(partial)}${name.slice(partial.length)}`).catch(() => {})
  }
  return openBundle(leftoverOf(partial)).catch(() => undefined)
}

async function makePartial(path: string, { files }: Plan, shape: Shape): Promise<PartedFile> {
  const file = await PartedFile.create(partialOf(path), shape)
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
