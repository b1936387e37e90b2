import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { ExpectedError, readError } from '../../errors.ts'
import { type Digest, hashChunks } from '../../oci/digest.ts'
import { versionOf } from './file-version.ts'
import { type Hashing, hashInThread, ThreadFailure, ThreadReadError } from './hash-threads.ts'
import { findGap, findParts, wholeName } from './part-name.ts'

/** How much one read takes: the size that matters most for throughput. */
export const CHUNK = 1 << 20
/** Documents (manifests, configs, our own table) are read whole; a larger one is refused. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024

/** Fewer bytes are hashed before a thread has heard of them. */
const WORTH_A_THREAD = 4 * 1024 * 1024

interface Part {
  readonly path: string
  readonly handle: FileHandle
  /** Where in the whole the part begins, in bytes. */
  readonly start: number
  readonly size: number
}

/** A file that is read at any place, be it one file or several parts. It holds file handles: close it. */
export class ByteFile {
  readonly path: string
  /** In bytes. */
  readonly size: number
  readonly #parts: readonly Part[]
  readonly #hashing = new Set<Hashing>()

  /** Whether its name is that of no file, but of parts. */
  readonly isInParts: boolean
  private constructor(path: string, parts: readonly Part[], isInParts: boolean) {
    this.path = path
    this.size = parts.reduce((sum, part) => sum + part.size, 0)
    this.#parts = parts
    this.isInParts = isInParts
  }

  /** An open file of `size` bytes under the name that people know it by; it is closed with this. */
  static ofHandle(path: string, handle: FileHandle, size: number): ByteFile {
    return new ByteFile(path, [{ path, handle, start: 0, size }], false)
  }

  /**
   * Opens a file, or the parts of one: `FILE` stands for `FILE.part001` and those that follow it.
   *
   * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE; BUNDLE_INVALID when a part is missing between others.
   */
  static async open(path: string): Promise<ByteFile> {
    const gap = await findGap(path)
    if (gap) {
      throw new ExpectedError('BUNDLE_INVALID', `${gap}: no such file, but later parts are there`, {
        hint: `Copy that part too: ${wholeName(path)} is whole only with all of them.`,
      })
    }
    const parts: Part[] = []
    let start = 0
    try {
      const names = await findParts(path)
      for (const name of names) {
        const part = await openPart(name, start)
        parts.push(part)
        start += part.size
      }
      return new ByteFile(path, parts, names[0] !== wholeName(path))
    } catch (error) {
      await Promise.all(parts.map(({ handle }) => handle.close()))
      throw error
    }
  }

  /** The files that it is read from, each with its descriptor: another program that has this one's reads the same bytes. */
  get openFiles(): readonly { readonly path: string; readonly fd: number }[] {
    return this.#parts.map(({ path, handle }) => ({ path, fd: handle.fd }))
  }

  /** @throws {ExpectedError} BUNDLE_INVALID when the file ends before. */
  async read(offset: number, length: number): Promise<Buffer> {
    return this.#fill(Buffer.allocUnsafe(length), offset)
  }

  /** Fills as much of the buffer as one read gives; resolves to how much that was. */
  async readInto(buffer: Uint8Array, offset: number): Promise<number> {
    const part = this.#parts.find(({ start, size }) => offset < start + size)
    const { handle, start = 0, size = 0 } = part ?? {}
    const wanted = Math.min(buffer.length, start + size - offset)
    const reading = handle?.read(buffer, 0, wanted, offset - start).catch((error) => {
      throw readError(part?.path ?? this.path, error, offset - start)
    })
    const { bytesRead = 0 } = (await reading) ?? {}
    if (bytesRead === 0 && buffer.length > 0) throw this.truncated()
    return bytesRead
  }

  /**
   * The bytes from `start` up to but without `end`, in chunks of 1 MiB; the next chunk is read while one is used. With
   * `reuse` a chunk is valid only until the next is asked for: its memory is used again, since fresh memory for each
   * costs more time, in collecting garbage, than reading it.
   */
  async *stream(start: number, end: number, { reuse = false } = {}): AsyncGenerator<Buffer> {
    let spare: Buffer | undefined
    const read = (at: number) => {
      const length = Math.min(CHUNK, end - at)
      return this.#fill(spare?.subarray(0, length) ?? Buffer.allocUnsafeSlow(length), at)
    }
    let next = end > start ? read(start) : undefined
    for (let at = start; next; ) {
      const chunk = await next
      at += chunk.length
      next = at < end ? read(at) : undefined
      next?.catch(() => {}) // reported when it is awaited; until then it is no unhandled rejection
      yield chunk
      if (reuse) spare = chunk
    }
  }

  /** The digest of bytes as they are now; many are hashed in a thread. `onBytes` hears of those that were. */
  async hash(
    { start, end, algorithm }: { start: number; end: number; algorithm: string },
    onBytes: (count: number) => void = () => {},
  ): Promise<Digest> {
    if (end - start >= WORTH_A_THREAD) {
      const hex = await this.#hashInThread({ start, end, algorithm }, onBytes)
      if (hex !== undefined) return `${algorithm}:${hex}` as Digest
    }
    return hashChunks(this.stream(start, end, { reuse: true }), algorithm, onBytes)
  }

  /** Undefined where no thread can be had. */
  async #hashInThread(
    { start, end, algorithm }: { start: number; end: number; algorithm: string },
    onBytes: (count: number) => void,
  ): Promise<string | undefined> {
    const parts = this.#partsBetween(start, end)
    const extents = parts.map((part) => {
      const from = Math.max(start - part.start, 0)
      return { fd: part.handle.fd, start: from, length: Math.min(end - part.start, part.size) - from }
    })
    const hashing = hashInThread(extents, algorithm, onBytes)
    this.#hashing.add(hashing)
    try {
      return await hashing.done
    } catch (error) {
      if (error instanceof ThreadFailure) return undefined
      if (!(error instanceof ThreadReadError)) throw error
      if (error.code === undefined) throw this.truncated()
      const part = parts[error.extent]
      throw readError(part?.path ?? this.path, error, error.at)
    } finally {
      this.#hashing.delete(hashing)
    }
  }

  /** Another text once anything may have been written to the file, or the parts, that hold these bytes. */
  async version(start: number, end: number): Promise<string> {
    const parts = this.#partsBetween(start, end)
    return versionOf(() => Promise.all(parts.map(({ handle }) => handle.stat({ bigint: true }))))
  }

  /** Whether it lies in parts of so many bytes, the last of what is left; or, of no number, in one file. */
  isInPartsOf(partSize: number | undefined): boolean {
    const last = this.#parts.length - 1
    if (partSize === undefined) return !this.isInParts
    const areFull = this.#parts.every(({ size }, at) => (at < last ? size === partSize : size <= partSize))
    return this.isInParts && areFull
  }

  truncated(): ExpectedError {
    const hint = 'Copy the file again: this copy is cut off.'
    return new ExpectedError('BUNDLE_INVALID', `${this.path}: ends after ${this.size} bytes, in the middle of a file`, {
      hint: this.isInParts ? 'Copy the parts again: one is cut off, or the last ones are missing.' : hint,
    })
  }

  async close(): Promise<void> {
    for (const hashing of this.#hashing) hashing.stop()
    await Promise.allSettled([...this.#hashing].map(({ done }) => done))
    for (const { handle } of this.#parts) await handle.close()
  }

  #partsBetween(start: number, end: number): Part[] {
    return this.#parts.filter((part) => part.start <= end && start < part.start + part.size)
  }

  async #fill(buffer: Buffer, offset: number): Promise<Buffer> {
    for (let filled = 0; filled < buffer.length; ) {
      filled += await this.readInto(buffer.subarray(filled), offset + filled)
    }
    return buffer
  }
}

/** @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE; BUNDLE_INVALID for what is no file */
async function openPart(path: string, start: number): Promise<Part> {
  let kind: string
  try {
    let stats = await stat(path)
    if (stats.isFile()) {
      // What is opened may be another by now: a pipe must not hold it up, and the size is that of what was opened.
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
      stats = await handle.stat()
      if (stats.isFile()) return { path, handle, start, size: stats.size }
      await handle.close()
    }
    kind = stats.isDirectory() ? 'a directory' : 'a device or a pipe'
  } catch (error) {
    throw readError(path, error)
  }
  throw new ExpectedError('BUNDLE_INVALID', `${path}: is ${kind}, not the file of a bundle`, {
    hint: 'Name the file itself, or of a bundle in parts what stands before .part001.',
  })
}
