import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { ExpectedError, writeError } from '../../errors.ts'
import { ByteFile } from '../files/byte-file.ts'
import { openUnnamed } from '../files/unnamed-file.ts'
import { compressionOf } from './compression.ts'
import { unpackByProgram } from './unpack-by-program.ts'

/** Layers come compressed, or shrink to a third; what grows more than this is made to fill disks. */
const MAX_GROWTH = 100
/** What any archive may grow to. */
const ALWAYS_ALLOWED = 256 * 1024 * 1024

/**
 * What a compressed file holds, as a file in the system's temporary directory that has no name any more: images are read
 * at many places, which a compressed file does not allow. It is gone when it is closed, or the process ends in any way.
 * Undefined where the file is not compressed. The file stays open.
 *
 * @throws {ExpectedError} UNSUPPORTED for a compression that neither we nor a program of this machine read; BUNDLE_INVALID for one that is damaged, cut off
 *   or grows beyond all bounds; DISK_FULL, DISK_ERROR
 */
export async function unpackedFile(file: ByteFile): Promise<ByteFile | undefined> {
  if (file.size < 6) return undefined
  const compression = compressionOf(await file.read(0, 6))
  if (!compression) return undefined
  const chunks = compression.unpack?.(file.stream(0, file.size)) ?? unpackByProgram(compression, file)
  const handle = await openUnnamed()
  try {
    const limit = Math.max(file.size * MAX_GROWTH, ALWAYS_ALLOWED)
    const size = await writeAll(handle, withReason(chunks, file.path, compression.name), { path: file.path, limit })
    return ByteFile.ofHandle(file.path, handle, size)
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function writeAll(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  { path, limit }: { path: string; limit: number },
): Promise<number> {
  let size = 0
  for await (const chunk of chunks) {
    if (size + chunk.byteLength > limit) throw tooLarge(path, limit)
    for (let done = 0; done < chunk.byteLength; ) {
      const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done, size + done).catch((error) => {
        throw unpackError(path, error)
      })
      done += bytesWritten
    }
    size += chunk.byteLength
  }
  return size
}

function tooLarge(path: string, limit: number): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: grows to more than ${limit} bytes when it is unpacked`, {
    hint: `No archive of images shrinks to less than a ${MAX_GROWTH}th. If this one is right, unpack it by hand and name what comes out.`,
  })
}

function unpackError(path: string, error: unknown): unknown {
  const place = `${tmpdir()} (for what is in ${path})`
  const failure = writeError(place, error)
  if (!(failure instanceof ExpectedError)) return failure
  return new ExpectedError(failure.code, failure.message, {
    hint: 'Set TMPDIR to a directory on a larger disk, or unpack the file by hand and name what comes out.',
    cause: error,
  })
}

/** What a decoder complains of, said in terms of the file. */
async function* withReason(chunks: AsyncIterable<Uint8Array>, path: string, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (cause) {
    if (cause instanceof ExpectedError) throw cause
    const { message, code } = cause as NodeJS.ErrnoException
    if (code === 'ZSTD_error_frameParameter_windowTooLarge') throw tooWide(path, cause)
    const problem = message === 'unexpected end of file' ? 'ends in the middle' : `cannot be unpacked: ${message}`
    throw new ExpectedError('BUNDLE_INVALID', `${path}: ${problem} (${name})`, {
      hint: 'Copy the file again from where it was made: this copy is damaged or cut off.',
      cause,
    })
  }
}

/** More than zstd itself takes; or there is not as much memory. */
function tooWide(path: string, cause: unknown): ExpectedError {
  return new ExpectedError('UNSUPPORTED', `${path}: its window (zstd --long) is larger than can be read here`, {
    hint: 'Compress it again without --long, or with --long=27.',
    cause,
  })
}
