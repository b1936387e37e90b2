/** Bytes of an open file. */
export interface FileExtent {
  readonly fd: number
  /** Where in the file they begin. */
  readonly start: number
  readonly length: number
}

/** What one thread is to hash. */
export interface HashJob {
  readonly id: number
  readonly algorithm: string
  readonly extents: readonly FileExtent[]
  /** Its first number becomes 1 when the result is not wanted any more. */
  readonly stop: Int32Array
}

/** What a thread says of a job. */
export type HashNote = { readonly id: number } & (
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done'; readonly hex: string }
  /** `code` is the system's; without one the file ended, or the job was stopped. */
  | {
      readonly kind: 'failed'
      readonly extent: number
      readonly at: number
      readonly code?: string
      readonly message: string
    }
)

/**
 * What runs in a thread, as the text of it: it takes nothing from around it, so that a program in one file carries it. One
 * job comes after the other.
 */
export function hashThread(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads')
  const { createHash } = process.getBuiltinModule('node:crypto')
  const { readSync } = process.getBuiltinModule('node:fs')
  const note = (said: HashNote) => parentPort?.postMessage(said)
  const buffer = Buffer.allocUnsafeSlow(1 << 20)
  const NOTE_EVERY = 16 << 20

  const run = ({ id, algorithm, extents, stop }: HashJob) => {
    const hash = createHash(algorithm)
    let noted = 0
    for (const [extent, { fd, start, length }] of extents.entries()) {
      for (let at = start; at < start + length; ) {
        const failed = (error: { code?: string; message: string }) => note({ id, kind: 'failed', extent, at, ...error })
        if (Atomics.load(stop, 0) === 1) return failed({ message: 'stopped' })
        let bytes: number
        try {
          bytes = readSync(fd, buffer, 0, Math.min(buffer.length, start + length - at), at)
        } catch (error) {
          const { code = 'EIO', message } = error as NodeJS.ErrnoException
          return failed({ code, message })
        }
        if (bytes === 0) return failed({ message: 'ended' })
        hash.update(buffer.subarray(0, bytes))
        at += bytes
        noted += bytes
        if (noted >= NOTE_EVERY) {
          note({ id, kind: 'progress', bytes: noted })
          noted = 0
        }
      }
    }
    note({ id, kind: 'progress', bytes: noted })
    note({ id, kind: 'done', hex: hash.digest('hex') })
  }
  parentPort?.on('message', run)
}
