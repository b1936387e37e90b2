import { constants } from 'node:os'
import { dirname } from 'node:path'
import { ERROR_CODES } from './codes/error-codes.ts'

export type ErrorCode = keyof typeof ERROR_CODES

/** What scripts may want to know of a failure without reading its message. */
interface ErrorData {
  /** The image, as it was asked for. */
  readonly reference?: string
  /** The registry, as the user names it. */
  readonly registry?: string
  /** The HTTP status that it answered with. */
  readonly status?: number
}

interface ErrorOptions extends ErrorData {
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/**
 * A failure we foresaw: a stable code for scripts, a message that names the thing and the place, a hint that can be
 * followed. Anything else that is thrown is a bug and keeps its stack.
 */
export class ExpectedError extends Error {
  readonly code: ErrorCode
  /** What to do in this very case. */
  readonly hint: string | undefined
  readonly data: ErrorData

  constructor(code: ErrorCode, message: string, { hint, cause, ...data }: ErrorOptions = {}) {
    super(message, { cause })
    this.name = 'ExpectedError'
    this.code = code
    this.hint = hint
    this.data = data
  }

  /** The hint, or what the catalogue says to do in any such case. */
  get advice(): string {
    return this.hint ?? ERROR_CODES[this.code].action
  }

  /** 2 input, 3 surroundings, 4 the answer is no. */
  get exitCode(): 2 | 3 | 4 {
    return ERROR_CODES[this.code].exitCode
  }
}

/** What is wrong with a setting that is read when it is first needed, in the midst of a run. */
export class SettingError extends ExpectedError {}

/** Whether nothing else that a run has to do would fare better. */
export function endsRun(error: ExpectedError): boolean {
  const { code } = error
  return error instanceof SettingError || code === 'DISK_FULL' || code === 'DISK_ERROR' || code === 'TIMED_OUT'
}

/**
 * What the file system says about a file that is read, said in terms of the file; everything else as it is. `offset` is
 * the byte that was asked for.
 */
export function readError(file: string, error: unknown, offset?: number): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  const problem = READ_PROBLEMS[code]
  if (problem) {
    const place = offset === undefined ? '' : ` at byte ${offset}`
    return new ExpectedError('DISK_ERROR', `${file}: cannot be read${place}: ${problem} (${code})`, {
      hint: 'The disk, the stick or its connection may be failing: try again, or take another copy.',
      cause: error,
    })
  }
  if (code === 'ENOENT') {
    return new ExpectedError('INPUT_NOT_FOUND', `${file}: no such file or directory`, { cause: error })
  }
  return new ExpectedError('INPUT_UNREADABLE', `${file}: cannot be read: ${PLACE_PROBLEMS[code] ?? code}`, {
    cause: error,
  })
}

/**
 * What the file system says about a file that is written, said in terms of the file; everything else as it is. A place
 * that is none is a fault of whoever named it.
 */
export function writeError(file: string, error: unknown): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ExpectedError('DISK_FULL', `${file}: no space left on the disk`, {
      hint: 'Make room, or write to another disk, and run the same command again.',
      cause: error,
    })
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') return noDirectory(file, error)
  if (code === 'EISDIR') {
    return new ExpectedError('OUTPUT_EXISTS', `${file}: is a directory`, {
      hint: `Name a file, such as ${file}/FILE.`,
      cause: error,
    })
  }
  const problem = WRITE_PROBLEMS[code] ?? PLACE_PROBLEMS[code] ?? code
  return new ExpectedError('DISK_ERROR', `${file}: cannot be written: ${problem}`, {
    hint: 'Write to a directory that is there and that you may write to.',
    cause: error,
  })
}

/** What is wrong with the disk, and not with what was named. */
const READ_PROBLEMS: Readonly<Record<string, string>> = {
  EIO: 'the disk reports an error',
  EREMOTEIO: 'the disk reports an error',
  ENODEV: 'the disk is gone',
  ENXIO: 'the disk is gone',
  ESTALE: 'the file server no longer knows the file',
  ETIMEDOUT: 'the file server does not answer',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
}

/** The failure where a file is to be written into no directory. */
export function noDirectory(file: string, cause?: unknown): ExpectedError {
  const directory = dirname(file)
  return new ExpectedError('INPUT_NOT_FOUND', `${file}: there is no directory ${directory}`, {
    hint: `Make it first: mkdir -p ${directory}`,
    cause,
  })
}

/** What is wrong with a place, whether it is read or written. */
const PLACE_PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied for this user (EACCES)',
  EPERM: 'permission denied for this user (EPERM)',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a directory',
}

const WRITE_PROBLEMS: Readonly<Record<string, string>> = {
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an error (EIO)',
  EBUSY: 'it is in use, or a file system is mounted there',
}

function systemCode(error: unknown): string | undefined {
  const { code, errno = 0 } = error as NodeJS.ErrnoException
  if (error instanceof ExpectedError || typeof code !== 'string') return undefined
  if (!code.startsWith('Unknown system error')) return code
  // Node has no name for some, such as that of an exhausted quota.
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0] ?? code
}
