import { type FileHandle, open } from 'node:fs/promises'
import { ExpectedError } from '../errors.ts'

/** How much one read takes: the size that matters most for throughput. */
export const CHUNK = 1 << 20

/** A file that is read at any place. It holds a file handle: close it. */
export class ByteFile {
  readonly path: string
  /** In bytes. */
  readonly size: number
  readonly #handle: FileHandle

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path
    this.size = size
    this.#handle = handle
  }

  /** @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE */
  static async open(path: string): Promise<ByteFile> {
    try {
      const handle = await open(path)
      const stats = await handle.stat()
      if (stats.isFile()) return new ByteFile(path, stats.size, handle)
      await handle.close()
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOENT') throw new ExpectedError('INPUT_NOT_FOUND', `${path}: no such file`, { cause })
      throw new ExpectedError('INPUT_UNREADABLE', `${path}: cannot be read: ${code}`, { cause })
    }
    throw new ExpectedError('INPUT_UNREADABLE', `${path}: not a file`)
  }

  /** @throws {ExpectedError} BUNDLE_INVALID when the file ends before. */
  async read(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) throw this.truncated()
      filled += bytesRead
    }
    return buffer
  }

  /** Fills as much of the buffer as one read gives; resolves to how much that was. */
  async readInto(buffer: Uint8Array, offset: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, offset)
    if (bytesRead === 0 && buffer.length > 0) throw this.truncated()
    return bytesRead
  }

  /** The bytes from `start` up to but without `end`, in chunks of 1 MiB; the next chunk is read while one is used. */
  async *stream(start: number, end: number): AsyncGenerator<Buffer> {
    let next: Promise<Buffer> | undefined
    for (let at = start; at < end; ) {
      const length = Math.min(CHUNK, end - at)
      const chunk = await (next ?? this.read(at, length))
      at += length
      next = at < end ? this.read(at, Math.min(CHUNK, end - at)) : undefined
      next?.catch(() => {}) // reported when it is awaited; until then it is no unhandled rejection
      yield chunk
    }
  }

  truncated(): ExpectedError {
    return new ExpectedError('BUNDLE_INVALID', `${this.path}: ends after ${this.size} bytes, in the middle of a file`, {
      hint: 'Copy the file again: this copy is cut off.',
    })
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}
