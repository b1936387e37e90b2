import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { PlannedFile } from '../bundle/format/plan.ts'
import { FileLock } from '../disk/file-lock.ts'
import { onEarlyEnd } from '../early-end.ts'
import { writeError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { BlobWriter } from './blob-writer.ts'
import type { BundleFile } from './bundle-file.ts'
import { findParts, isThere, partsBeside } from './files/part-name.ts'
import type { PartedFile } from './files/parted-file.ts'
import { type Journal, type Publishing, readJournal } from './journal.ts'
import {
  journalOf,
  type LaidOutBundle,
  type OpenPartial,
  openPartial,
  partialOf,
  removeLeftovers,
} from './partial-bundle.ts'
import { settlePublishing } from './publication.ts'

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
  readonly #publishing: Publishing
  #isPublished = false
  readonly #forget: () => void

  private constructor(path: string, { files }: LaidOutBundle, lock: FileLock, opened: OpenPartial) {
    this.path = path
    this.partial = partialOf(path)
    this.leftover = opened.leftover
    this.#lock = lock
    this.#file = opened.file
    this.#journal = opened.journal
    this.#publishing = opened.publishing
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
    plan: LaidOutBundle,
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

  /**
   * Removes what runs that were killed after their bundle was complete left beside it, and ends what one of them had
   * begun when it gave its files their names.
   */
  static async tidy(path: string): Promise<void> {
    const lock = await FileLock.acquire(path).catch(() => undefined)
    if (!lock) return
    try {
      removeLeftovers(path)
      const record = await readJournal(journalOf(path))
      if (record) await settlePublishing(partialOf(path), path, record)
      const [partial] = await findParts(partialOf(path))
      if (!record || (await isThere(partial!))) return
      // Without the first of them no run can go on with the others.
      for (const name of await partsBeside(partialOf(path))) await rm(name, { force: true })
      await rm(journalOf(path), { force: true })
    } finally {
      lock.release()
    }
  }

  /** Bytes of blobs that are in the partial file. */
  get arrived(): number {
    return this.#isPublished ? 0 : this.#journal.arrived
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

  /**
   * Brings every byte to the disk and gives the file its final name. Call it when every blob has arrived. What stands
   * beside the bundle, such as its signature, goes in `before` and comes in `after`: no other run writes meanwhile.
   */
  async commit({ before, after }: { before?: () => Promise<void>; after?: () => Promise<void> } = {}): Promise<void> {
    try {
      await this.#file.sync()
      const names = new Set(this.#file.namesFor(this.path))
      const stale = this.#publishing.old.filter((name) => !names.has(name))
      if (stale.length > 0 || this.#publishing.parts > 0) await this.#journal.notePublishing(this.#publishing)
      await before?.()
      await this.#file.publish(this.path, stale)
      this.#isPublished = true
      await this.#journal.remove()
      await after?.()
      await this.#end()
    } catch (error) {
      throw writeError(this.path, error)
    }
  }

  /** Ends without a bundle. What arrived stays for the next run; where nothing did, nothing stays. */
  async leave(): Promise<void> {
    if (this.#isPublished) {
      // What stands beside it is what failed.
    } else if (this.arrived > 0) {
      await this.#journal.close()
      await this.#file.close()
    } else {
      await this.#file.remove()
      await this.#journal.remove()
    }
    await this.#end()
  }

  #endAtOnce(): void {
    if (this.arrived === 0 && !this.#isPublished)
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
