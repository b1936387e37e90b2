import { writeFile } from 'node:fs/promises'
import { ExpectedError } from '../errors.ts'

/**
 * Writes a report, in place of an older one.
 *
 * @throws {ExpectedError} DISK_FULL, DISK_ERROR, naming the file.
 */
export async function writeReport(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const isFull = code === 'ENOSPC' || code === 'EDQUOT'
    throw new ExpectedError(isFull ? 'DISK_FULL' : 'DISK_ERROR', `${file}: cannot be written: ${code ?? message}`, {
      hint: isFull
        ? 'Free some space, or write it elsewhere.'
        : 'Name a file in a directory that exists and can be written.',
      cause,
    })
  }
}
