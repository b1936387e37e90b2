import { writeFile } from 'node:fs/promises'
import { writeError } from '../../errors.ts'
import { outputExists } from './output-place.ts'

interface WriteOptions {
  /** Whether a file that is there may go. Default: it may. */
  readonly replace?: boolean
  /** What to do where it may not. */
  readonly hint?: string
  /** Permissions of a file that is made. */
  readonly mode?: number
}

/** @throws {ExpectedError} OUTPUT_EXISTS, DISK_FULL, DISK_ERROR, naming the file. */
export async function writeTextFile(
  file: string,
  text: string,
  { replace = true, hint, mode = 0o666 }: WriteOptions = {},
): Promise<void> {
  try {
    await writeFile(file, text, { flag: replace ? 'w' : 'wx', mode })
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? outputExists(file, hint) : writeError(file, error)
  }
}
