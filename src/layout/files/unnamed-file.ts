import { constants, readSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newNameBeside } from '../../disk/own-name.ts'
import { ExpectedError, readError, writeError } from '../../errors.ts'

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants

/**
 * A file in the system's temporary directory that has no name any more: it is gone when it is closed, or the process
 * ends in any way.
 *
 * @throws {ExpectedError} DISK_ERROR
 */
export async function openUnnamed(): Promise<FileHandle> {
  const path = newNameBeside(join(tmpdir(), 'unpacked'), 'tmp')
  try {
    const handle = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    await rm(path)
    return handle
  } catch (error) {
    throw writeError(path, error)
  }
}

/** A file without a name that is written once and then read at any place. It holds a file handle: close it. */
export class UnnamedFile {
  readonly #handle: FileHandle
  #size = 0

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** @throws {ExpectedError} DISK_ERROR */
  static async open(): Promise<UnnamedFile> {
    return new UnnamedFile(await openUnnamed())
  }

  /** A file with these bytes. @throws {ExpectedError} DISK_FULL, DISK_ERROR, and what reading them throws */
  static async of(bytes: AsyncIterable<Uint8Array>): Promise<UnnamedFile> {
    const file = await UnnamedFile.open()
    try {
      for await (const chunk of bytes) await file.append(chunk)
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  /** @throws {ExpectedError} DISK_FULL, DISK_ERROR */
  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const writing = this.#handle.write(bytes, done, bytes.length - done, this.#size + done)
      done += (await writing.catch((error) => Promise.reject(unnamedError(error)))).bytesWritten
    }
    this.#size += bytes.length
  }

  /**
   * The bytes from `start` on, at once: for programs that take what they read step by step.
   *
   * @throws {ExpectedError} INPUT_UNREADABLE
   */
  read(start: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.#size - start)))
    this.readInto(start, buffer)
    return buffer
  }

  /**
   * Fills a buffer with the bytes from `start` on, or the beginning of it where there are not so many; gives how many there were.
   *
   * @throws {ExpectedError} INPUT_UNREADABLE
   */
  readInto(start: number, buffer: Uint8Array): number {
    const length = Math.max(0, Math.min(buffer.length, this.#size - start))
    try {
      for (let filled = 0; filled < length; ) {
        const count = readSync(this.#handle.fd, buffer, filled, length - filled, start + filled)
        if (count === 0) throw new Error('it was cut off')
        filled += count
      }
    } catch (error) {
      throw readError(tmpdir(), error, start)
    }
    return length
  }

  /** The whole, in chunks. */
  *chunks(size: number): Generator<Buffer> {
    for (let at = 0; at < this.#size; at += size) yield this.read(at, size)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

function unnamedError(error: unknown): unknown {
  const failure = writeError(tmpdir(), error)
  if (!(failure instanceof ExpectedError)) return failure
  return new ExpectedError(failure.code, failure.message, {
    hint: 'Set TMPDIR to a directory on a larger disk.',
    cause: error,
  })
}
