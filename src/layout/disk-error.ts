import { ExpectedError } from '../errors.ts'

/** An error of the file system, said in terms of the file; everything else as it is. */
export function diskError(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof ExpectedError || typeof code !== 'string') return error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ExpectedError('DISK_FULL', `${path}: no space left on the disk`, {
      hint: 'Make room, or write to another disk, and run the same command again.',
      cause: error,
    })
  }
  return new ExpectedError('DISK_ERROR', `${path}: cannot be written: ${code}`, { cause: error })
}
