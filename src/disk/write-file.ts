import { constants, type Stats } from 'node:fs'
import { access, link, lstat, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ExpectedError, writeError } from '../errors.ts'
import { FileLock } from './file-lock.ts'
import { outputExists } from './output-place.ts'
import { leftoversBeside, lockNameBeside } from './own-name.ts'
import { notOwned, syncDirectoryOf, TemporaryFile } from './temporary-file.ts'

export interface NewFile {
  readonly file: string
  readonly content: string | Uint8Array
  /** Permissions, as far as the umask lets them. Default: 0o666. */
  readonly mode?: number
}

/** Milliseconds that a run waits for another one to write its few bytes. */
const PATIENCE = 10_000
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Writes a file so that under its name is the old or the new one at any time, also after a crash. A file that is there
 * is replaced and keeps its permissions and owner; a symbolic link is replaced itself. A device or a pipe is written to.
 *
 * @throws {ExpectedError} DISK_FULL, DISK_ERROR; OUTPUT_EXISTS while another run writes it
 */
export async function replaceFile({ file, content, mode = 0o666 }: NewFile): Promise<void> {
  if (await isStream(file)) return writeThrough(file, content)
  await locked([file], async () => {
    for (const leftover of leftoversBeside(file, 'tmp')) await rm(leftover)
    const before = await lookAt(file)
    const temporary = await TemporaryFile.write(file, content, { mode, like: before?.isFile() ? before : undefined })
    await temporary.replace(file).catch(async (error) => {
      await temporary.remove()
      throw error
    })
    await syncDirectoryOf(file)
  })
}

/** Removes what runs that were killed left beside a file that is as it should be. */
export async function tidyBeside(file: string): Promise<void> {
  if (leftoversBeside(file, 'tmp').length === 0 && !(await lookAt(lockNameBeside(file)))) return
  const lock = await FileLock.acquire(file).catch(() => undefined)
  if (!lock) return
  for (const leftover of leftoversBeside(file, 'tmp')) await rm(leftover, { force: true })
  lock.release()
}

/**
 * Makes sure, before the first of several files is replaced, that this one can be: a file itself, no link to one, in a
 * directory that takes new files, whose owner this user can keep.
 *
 * @throws {ExpectedError} USAGE for a link; DISK_ERROR
 */
export async function checkReplaceable(file: string): Promise<void> {
  await naming(file, access(dirname(file), constants.W_OK))
  const found = await naming(file, lstat(file))
  if (found.isSymbolicLink()) {
    throw new ExpectedError('USAGE', `${file}: is a link, which is not followed to be changed`, {
      hint: `Name the file that it leads to: ${await realpath(file).catch(() => file)}`,
    })
  }
  const user = process.geteuid?.() ?? 0
  if (user !== 0 && found.uid !== user) throw notOwned(file, found)
}

/**
 * Writes files that must not be there: all of them or, as the next run mends it, none.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS, with `hint` as what to do; DISK_FULL, DISK_ERROR
 */
export async function createFiles(files: readonly NewFile[], { hint }: { hint?: string } = {}): Promise<void> {
  const names = files.map(({ file }) => file)
  await locked(names, async () => {
    await undoHalf(names)
    for (const name of names) if (await lookAt(name)) throw outputExists(name, hint)
    const temporaries: TemporaryFile[] = []
    const made: string[] = []
    try {
      for (const { file, content, mode = 0o666 } of files) {
        temporaries.push(await naming(file, TemporaryFile.write(file, content, { mode, like: undefined })))
      }
      for (const [at, name] of names.entries()) {
        await naming(name, publishNew(temporaries[at]!, name))
        made.push(name)
      }
    } catch (error) {
      for (const name of made) await rm(name)
      throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? outputExists(names[made.length]!, hint) : error
    } finally {
      for (const temporary of temporaries) await temporary.remove()
    }
    for (const name of names) await syncDirectoryOf(name)
  })
}

/** Writes a text file that may be replaced, or may not. */
export async function writeTextFile(
  file: string,
  content: string,
  { replace = true, hint, mode }: { replace?: boolean; hint?: string; mode?: number } = {},
): Promise<void> {
  const wanted = { file, content, ...(mode !== undefined && { mode }) }
  if (replace || (await isStream(file))) await replaceFile(wanted)
  else await createFiles([wanted], hint === undefined ? {} : { hint })
}

async function writeThrough(file: string, content: string | Uint8Array): Promise<void> {
  await naming(file, writeFile(file, content))
}

/** Whether what has the name is no file that could be replaced, but something to write to. */
async function isStream(file: string): Promise<boolean> {
  if (/^\/(?:proc|dev(?!\/shm\/))\//.test(resolve(file))) return true
  const found = await stat(file).catch(() => undefined)
  return found !== undefined && !found.isFile() && !found.isDirectory()
}

/** Where the file system has links the name is taken only if it is free; elsewhere the lock has to do. */
async function publishNew(temporary: TemporaryFile, file: string): Promise<void> {
  try {
    await link(temporary.path, file)
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    await temporary.replace(file)
  }
}

/** What a killed run had begun: a name that is still a temporary file's too was taken, but not all of them were. */
async function undoHalf(names: readonly string[]): Promise<void> {
  const found = await Promise.all(
    names.map(async (name) => ({ name, target: await lookAt(name), leftovers: leftoversBeside(name, 'tmp') })),
  )
  const isHalf = found.some(({ target }) => !target)
  for (const { name, target, leftovers } of found) {
    for (const leftover of leftovers) {
      if (isHalf && target && (await lookAt(leftover))?.ino === target.ino) await rm(name)
      await rm(leftover)
    }
  }
}

async function locked(names: readonly string[], write: () => Promise<void>): Promise<void> {
  const locks: FileLock[] = []
  try {
    for (const name of names.toSorted()) locks.push(await FileLock.acquire(name, { patience: PATIENCE }))
    await naming(names[0]!, write())
  } finally {
    for (const lock of locks) lock.release()
  }
}

async function naming<T>(file: string, done: Promise<T>): Promise<T> {
  return done.catch((error) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? error : writeError(file, error)
  })
}

function lookAt(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}
