import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import { findParts, MAX_PARTS, partName } from './part-name.ts'

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

  /** Makes it at its full size, without taking the space yet. @throws {ExpectedError} USAGE for too many parts */
  static async create(path: string, shape: Shape): Promise<PartedFile> {
    if (countOf(shape) > MAX_PARTS) {
      throw new ExpectedError('USAGE', `${path}: more than ${MAX_PARTS} parts`, {
        hint: 'Take larger ones with --split.',
      })
    }
    return PartedFile.#open(path, shape, 'w+')
  }

  /** Opens what an earlier run made; undefined when it is not there or has another shape. */
  static async reopen(path: string, shape: Shape): Promise<PartedFile | undefined> {
    const file = await PartedFile.#open(path, shape, 'r+').catch(() => undefined)
    const sizes = (await file?.stats())?.map(({ size }) => size)
    if (file && sizes?.every((size, at) => size === sizeOf(shape, at))) return file
    await file?.close()
    return undefined
  }

  static async #open(path: string, shape: Shape, flags: string): Promise<PartedFile> {
    const handles: FileHandle[] = []
    try {
      for (const name of namesOf(path, shape)) handles.push(await open(name, flags))
      return new PartedFile(path, shape, handles)
    } catch (error) {
      for (const handle of handles) await handle.close()
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

  /** Brings every byte to the disk, then gives the file its name; the first part gets it last. */
  async publish(path: string): Promise<void> {
    for (const sync of this.#syncs) await sync.finish()
    await this.close()
    const stale = new Set(await findParts(path))
    const [from, to] = [namesOf(this.path, this.#shape), namesOf(path, this.#shape)]
    for (const [at, name] of [...to.entries()].toReversed()) {
      await rename(from[at]!, name)
      stale.delete(name)
    }
    for (const name of stale) await rm(name, { force: true })
    await syncDirectory(dirname(path))
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

function namesOf(path: string, shape: Shape): string[] {
  if (shape.partSize === undefined) return [path]
  return Array.from({ length: countOf(shape) }, (_, index) => partName(path, index))
}

function sizeOf({ size, partSize = size }: Shape, index: number): number {
  return Math.min(partSize, size - index * partSize)
}

/** A rename is on the disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path)
  await directory.sync().finally(() => directory.close())
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
