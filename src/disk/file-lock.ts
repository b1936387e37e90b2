import { closeSync, constants, fstatSync, lstatSync, openSync, unlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { onEarlyEnd } from '../early-end.ts'
import { ExpectedError, writeError } from '../errors.ts'
import { lockNameBeside } from './own-name.ts'

/** Milliseconds between two attempts. */
const INTERVAL = 25
/** Two that ask in the same moment can both be told to wait, so one answer is not enough. */
const PATIENCE = 200
/** SQLITE_BUSY: another process has it. https://sqlite.org/rescode.html#busy */
const BUSY = 5

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants

type Sqlite = typeof import('node:sqlite')

/**
 * The right to write one file or directory, which one process has at a time. It is a lock of the kernel on an empty file
 * beside the target: it holds between containers that share the directory, whatever their process numbers are, and ends
 * with its process, whatever ends that. Node has no file locks of its own, but its SQLite takes them (fcntl), and writes
 * nothing for it as long as its journal stays in memory.
 */
export class FileLock {
  readonly #release: () => void

  private constructor(release: () => void) {
    this.#release = release
  }

  /**
   * Takes the lock of a target, waiting for at most `patience` milliseconds.
   *
   * @throws {ExpectedError} OUTPUT_EXISTS while another run has it; DISK_FULL, DISK_ERROR
   */
  static async acquire(target: string, { patience = PATIENCE }: { patience?: number } = {}): Promise<FileLock> {
    const sqlite = await loadSqlite(target)
    const deadline = performance.now() + patience
    for (;;) {
      const release = tryLock(sqlite, target)
      if (release) return new FileLock(release)
      if (performance.now() >= deadline) throw beingWritten(target)
      await sleep(INTERVAL)
    }
  }

  release(): void {
    this.#release()
  }
}

/** What gives the lock back; undefined while another has it. */
function tryLock({ DatabaseSync }: Sqlite, target: string): (() => void) | undefined {
  const path = lockNameBeside(target)
  let database: InstanceType<Sqlite['DatabaseSync']> | undefined
  let fd: number | undefined
  const drop = () => {
    database?.close()
    // Not before: closing any descriptor of a file ends all of the process's locks on it.
    if (fd !== undefined) closeSync(fd)
  }
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o666)
    database = new DatabaseSync(path)
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    if (isStill(path, fd)) {
      const end = () => {
        removeQuietly(path)
        drop()
      }
      const forget = onEarlyEnd(end)
      return () => {
        forget()
        end()
      }
    }
    drop()
    return undefined
  } catch (error) {
    drop()
    if ((error as { errcode?: number }).errcode === BUSY) return undefined
    throw (error as { errcode?: number }).errcode === undefined ? writeError(target, error) : noLocks(target, error)
  }
}

/**
 * Whether the file that was locked is the one that others will lock. Who had the lock before removes the file, and the
 * next one makes another. The descriptor was open before SQLite's and still is, so the same number is the same file.
 */
function isStill(path: string, fd: number): boolean {
  const [locked, named] = [fstatSync(fd), lstatSync(path, { throwIfNoEntry: false })]
  return named?.ino === locked.ino && named.dev === locked.dev
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // An empty file stays; the next run takes it.
  }
}

/** Node 22 says that its SQLite is experimental; file locks are its oldest part. */
async function loadSqlite(target: string): Promise<Sqlite> {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return await import('node:sqlite')
  } catch (cause) {
    throw noLocks(target, cause)
  } finally {
    process.emitWarning = emitWarning
  }
}

function beingWritten(target: string): ExpectedError {
  return new ExpectedError('OUTPUT_EXISTS', `${target}: another run is writing it now`, {
    hint: 'Wait for it to end, or write to another file.',
  })
}

function noLocks(target: string, cause: unknown): ExpectedError {
  return new ExpectedError('DISK_ERROR', `${target}: cannot be locked: ${(cause as Error).message}`, {
    hint: 'Write to a file system that has file locks, with a Node that has SQLite.',
    cause,
  })
}
