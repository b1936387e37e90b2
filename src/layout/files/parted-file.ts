import { constants } from 'node:fs'
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises'
import { syncDirectoryOf } from '../../disk/temporary-file.ts'
import { ExpectedError } from '../../errors.ts'
import { MAX_PARTS, partName } from './part-name.ts'

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants

/** How a file lies on the disk: whole, or in parts of `partSize` bytes. */
export interface Shape {
  /** Bytes of the whole. */
  readonly size: number
  readonly partSize: number | undefined
}

/** A file that is written and read at any place, whole or in parts. It holds file handles: close it. */
export class PartedFile {
  readonly path: string
  readonly #shape: Shape
  readonly #handles: readonly FileHandle[]
  readonly #syncs: readonly EarlySync[]

  private constructor(path: string, shape: Shape, handles: readonly FileHandle[]) {
    this.path = path
    this.#shape = shape
    this.#handles = handles
    this.#syncs = handles.map((handle) => new EarlySync(handle))
  }

  /** Makes it, empty, where nothing is. @throws {ExpectedError} USAGE for too many parts; EEXIST of the system */
  static async create(path: string, shape: Shape): Promise<PartedFile> {
    if (countOf(shape) > MAX_PARTS) {
      throw new ExpectedError('USAGE', `${path}: more than ${MAX_PARTS} parts`, {
        hint: 'Take larger ones with --split.',
      })
    }
    return PartedFile.#open(path, shape, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
  }

  /** Opens what an earlier run made; undefined when it is not there, has another shape, or has other names too. */
  static async reopen(path: string, shape: Shape): Promise<PartedFile | undefined> {
    const file = await PartedFile.#open(path, shape, O_RDWR | O_NOFOLLOW).catch(() => undefined)
    const stats = await file?.stats()
    const isOurs = stats?.every((part, at) => part.isFile() && part.nlink === 1 && part.size === sizeOf(shape, at))
    if (file && isOurs) return file
    await file?.close()
    return undefined
  }

  static async #open(path: string, shape: Shape, flags: number): Promise<PartedFile> {
    const [names, handles]: [string[], FileHandle[]] = [namesOf(path, shape), []]
    try {
      for (const name of names) handles.push(await open(name, flags))
      return new PartedFile(path, shape, handles)
    } catch (error) {
      for (const handle of handles) await handle.close()
      if (flags & O_CREAT) for (const name of names.slice(0, handles.length)) await rm(name, { force: true })
      throw error
    }
  }

  /** Gives every part its size; what is not written is a hole. */
  async allocate(): Promise<void> {
    for (const [at, handle] of this.#handles.entries()) await handle.truncate(sizeOf(this.#shape, at))
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { handle, sync, at, room } = this.#placeOf(position + done)
      const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, room), at)
      sync.note(bytesWritten)
      done += bytesWritten
    }
  }

  /** Bytes read into the buffer, which is filled from its start; 0 at the end of the file. */
  async read(buffer: Uint8Array, length: number, position: number): Promise<number> {
    const { handle, at, room } = this.#placeOf(position)
    const { bytesRead } = await handle.read(buffer, 0, Math.min(length, room), at)
    return bytesRead
  }

  stats() {
    return Promise.all(this.#handles.map((handle) => handle.stat()))
  }

  /** The files that it lies in. */
  get names(): string[] {
    return namesOf(this.path, this.#shape)
  }

  /** The files that it would lie in by another name. */
  namesFor(path: string): string[] {
    return namesOf(path, this.#shape)
  }

  /** Brings every byte to the disk. */
  async sync(): Promise<void> {
    for (const sync of this.#syncs) await sync.finish()
  }

  /**
   * Gives the file its name, and removes `stale`: files that hold what had it before and do not get a new one. A file
   * counts before parts, so it comes first or goes last. Of parts the first old one goes first and the first new one
   * comes last: until then whoever reads finds that it is missing, never old and new parts together.
   *
   * @throws {ExpectedError} OUTPUT_EXISTS when its temporary name is another file's by now
   */
  async publish(path: string, stale: readonly string[]): Promise<void> {
    const [from, to] = [this.names, this.namesFor(path)]
    for (const [at, name] of from.entries()) await this.#assertOwn(this.#handles[at]!, name)
    const isInParts = this.#shape.partSize !== undefined
    const removeStale = async (when: (name: string) => boolean) => {
      for (const name of stale) if (when(name)) await rm(name, { force: true })
    }
    if (isInParts) {
      await rm(to[0]!, { force: true })
      await removeStale((name) => name !== path)
    }
    for (const [at, name] of [...to.entries()].toReversed()) await rename(from[at]!, name)
    await removeStale((name) => !isInParts || name === path)
    await this.close()
    await syncDirectoryOf(path)
  }

  async #assertOwn(handle: FileHandle, name: string): Promise<void> {
    const [own, named] = [await handle.stat(), await lstat(name).catch(() => undefined)]
    if (named?.ino === own.ino && named.dev === own.dev) return
    throw new ExpectedError('OUTPUT_EXISTS', `${name}: another program removed or replaced it`, {
      hint: 'Run the same command again, and nothing else that writes there.',
    })
  }

  async close(): Promise<void> {
    for (const sync of this.#syncs) await sync.settle()
    for (const handle of this.#handles) await handle.close()
  }

  /** Gives up the file. */
  async remove(): Promise<void> {
    await this.close()
    for (const name of namesOf(this.path, this.#shape)) await rm(name, { force: true })
  }

  #placeOf(position: number): { handle: FileHandle; sync: EarlySync; at: number; room: number } {
    const { size, partSize = size } = this.#shape
    const index = Math.min(Math.floor(position / partSize), this.#handles.length - 1)
    const at = position - index * partSize
    return { handle: this.#handles[index]!, sync: this.#syncs[index]!, at, room: partSize - at }
  }
}

function countOf({ size, partSize }: Shape): number {
  return partSize === undefined ? 1 : Math.ceil(size / partSize)
}

/** The files that something of this shape lies in. */
export function namesOf(path: string, shape: Shape): string[] {
  if (shape.partSize === undefined) return [path]
  return Array.from({ length: countOf(shape) }, (_, index) => partName(path, index))
}

/** Bytes of one of them. */
export function sizeOf({ size, partSize = size }: Shape, index: number): number {
  return Math.min(partSize, size - index * partSize)
}

/** Written bytes after which the disk is set to work. */
const INTERVAL = 256 << 20

/**
 * Has what is written to a file brought to the disk while more is on its way, so that the end does not wait for
 * gigabytes that the system still holds in memory.
 */
export class EarlySync {
  readonly #handle: FileHandle
  #written = 0
  #syncing: Promise<void> | undefined
  #failure: Error | undefined

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** @throws what the disk said of bytes that were written before: the system says it only once. */
  note(bytes: number): void {
    if (this.#failure) throw this.#failure
    this.#written += bytes
    if (this.#written < INTERVAL || this.#syncing) return
    this.#written = 0
    this.#syncing = this.#handle.datasync().then(
      () => {
        this.#syncing = undefined
      },
      (error) => {
        this.#failure = error
      },
    )
  }

  /** Waits until every byte is on the disk. */
  async finish(): Promise<void> {
    await this.#syncing
    if (this.#failure) throw this.#failure
    await this.#handle.sync()
  }

  /** Waits for what is going on, so that the file can be closed. */
  async settle(): Promise<void> {
    await this.#syncing
  }
}
