/**
 * Every failure we foresee, and its exit code: 2 input, 3 environment (registry, disk, network), 4 the answer is no.
 * Codes that the OCI distribution-spec has are spelled as there.
 */
export const EXIT_CODES = {
  INPUT_NOT_FOUND: 2,
  INPUT_UNREADABLE: 2,
  INPUT_INVALID: 2,
  REFERENCE_INVALID: 2,
  PLATFORM_INVALID: 2,
  OUTPUT_EXISTS: 2,
  USAGE: 2,
  REGISTRY_UNREACHABLE: 3,
  REGISTRY_ERROR: 3,
  UNAUTHORIZED: 3,
  DENIED: 3,
  MANIFEST_UNKNOWN: 3,
  BLOB_UNKNOWN: 3,
  TOOMANYREQUESTS: 3,
  UNSUPPORTED: 3,
  PLATFORM_UNAVAILABLE: 3,
  IMAGES_FAILED: 3,
  TIMED_OUT: 3,
  KUBECTL_MISSING: 3,
  CLUSTER_UNREACHABLE: 3,
  CLUSTER_ERROR: 3,
  KUBECTL_FAILED: 3,
  DISK_FULL: 3,
  DISK_ERROR: 3,
  LISTEN_FAILED: 3,
  TLS_INVALID: 2,
  CONTENT_MISMATCH: 4,
  BUNDLE_INVALID: 4,
} as const

export type ErrorCode = keyof typeof EXIT_CODES

/**
 * A failure we foresaw: a stable code for scripts, a message that names the thing and the place, a hint that can be
 * followed. Anything else that is thrown is a bug and keeps its stack.
 */
export class ExpectedError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, { hint, cause }: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause })
    this.name = 'ExpectedError'
    this.code = code
    this.hint = hint
  }
}

/** Whether nothing else that a run has to do would fare better. */
export function endsRun({ code }: ExpectedError): boolean {
  return code === 'DISK_FULL' || code === 'DISK_ERROR' || code === 'TIMED_OUT'
}

/** What the file system says about a file that is read, said in terms of the file; everything else as it is. */
export function readError(file: string, error: unknown): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  if (code === 'ENOENT') {
    return new ExpectedError('INPUT_NOT_FOUND', `${file}: no such file or directory`, { cause: error })
  }
  return new ExpectedError('INPUT_UNREADABLE', `${file}: cannot be read: ${code}`, { cause: error })
}

/** What the file system says about a file that is written, said in terms of the file; everything else as it is. */
export function writeError(file: string, error: unknown): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ExpectedError('DISK_FULL', `${file}: no space left on the disk`, {
      hint: 'Make room, or write to another disk, and run the same command again.',
      cause: error,
    })
  }
  return new ExpectedError('DISK_ERROR', `${file}: cannot be written: ${WRITE_PROBLEMS[code] ?? code}`, {
    hint: 'Write to a directory that is there and that you may write to.',
    cause: error,
  })
}

const WRITE_PROBLEMS: Readonly<Record<string, string>> = {
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not (EACCES)',
  EPERM: 'this user may not (EPERM)',
  ENOENT: 'there is no such directory',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a directory',
}

function systemCode(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  return error instanceof ExpectedError || typeof code !== 'string' ? undefined : code
}
