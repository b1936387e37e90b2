import { renameSync, rmSync } from 'node:fs'
import { chmod, chown, link, lstat, mkdir, open, realpath } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { onEarlyEnd } from '../early-end.ts'
import { ExpectedError, writeError } from '../errors.ts'
import { listNames } from '../plural.ts'
import { type EarlierOutput, readEarlierOutput } from './earlier-output.ts'
import { FileLock } from './file-lock.ts'
import { digestOfFile, OWN_FILES, renderOwnFiles, walkDirectory } from './own-files.ts'
import { newNameBeside } from './own-name.ts'
import { recover, removeReplaced } from './replaced-output.ts'
import { syncDirectoryOf, writeAll } from './temporary-file.ts'

/**
 * A directory that is made beside its place and then put there as a whole. What it replaces must be ours; files of
 * others in that are carried over by hard links, so that they are in the one or the other at any time. Two renames
 * replace it: a run that is killed between them leaves the old one under a name beside it, and the next run of any
 * command that writes there gives it its name back. It holds a lock: end with `commit`, or with `abandon`.
 */
export class StagedOutput {
  /** Where what is to be in the directory is written until `commit`. */
  readonly path: string
  readonly #target: string
  readonly #shown: string
  readonly #earlier: EarlierOutput | undefined
  readonly #lock: FileLock
  readonly #forget: () => void

  private constructor(
    place: { path: string; target: string; shown: string },
    earlier: EarlierOutput | undefined,
    lock: FileLock,
  ) {
    this.path = place.path
    this.#target = place.target
    this.#shown = place.shown
    this.#earlier = earlier
    this.#lock = lock
    this.#forget = onEarlyEnd(() => rmSync(this.path, { recursive: true, force: true }))
  }

  /** @throws {ExpectedError} OUTPUT_EXISTS unless there is nothing, or what we left there and `force` lets go; DISK_FULL, DISK_ERROR */
  static async begin(shown: string, { force }: { force: boolean }): Promise<StagedOutput> {
    const target = await realpath(resolve(shown)).catch(() => resolve(shown))
    await mkdir(dirname(target), { recursive: true }).catch((error) => {
      throw writeError(shown, error)
    })
    const lock = await FileLock.acquire(target)
    try {
      await recover(target)
      const earlier = await readEarlierOutput(target, shown, force)
      const path = newNameBeside(target, 'new')
      await mkdir(path)
      return new StagedOutput({ path, target, shown }, earlier, lock)
    } catch (error) {
      lock.release()
      throw writeError(shown, error)
    }
  }

  /** Puts it in its place. @throws {ExpectedError} OUTPUT_EXISTS where files of others are in the way; DISK_FULL, DISK_ERROR */
  async commit(): Promise<void> {
    try {
      await this.#listOwn()
      if (this.#earlier) await this.#carryOver(this.#earlier)
      await syncAll(this.path)
      await this.#takePlace()
    } catch (error) {
      throw writeError(this.#shown, error)
    }
    this.#forget()
    this.#lock.release()
  }

  async abandon(): Promise<void> {
    rmSync(this.path, { recursive: true, force: true })
    this.#forget()
    this.#lock.release()
  }

  async #listOwn(): Promise<void> {
    const { entries } = await walkDirectory(this.path)
    const files = new Map<string, string>()
    for (const path of entries.map((entry) => entry.path).sort())
      files.set(path, await digestOfFile(join(this.path, path)))
    await writeNew(join(this.path, OWN_FILES), renderOwnFiles(files))
  }

  async #carryOver({ stats, directories, foreign }: EarlierOutput): Promise<void> {
    const isForeign = (directory: string) => foreign.some(({ path }) => path.startsWith(`${directory}/`))
    for (const directory of directories) {
      const isEmpty = !this.#earlier?.own.keys().some((path) => path.startsWith(`${directory}/`))
      if (isForeign(directory) || isEmpty) await this.#carryDirectory(directory)
    }
    for (const { path } of foreign) await this.#carry(path)
    await beLike(this.path, stats)
  }

  async #carryDirectory(path: string): Promise<void> {
    const at = join(this.path, path)
    await mkdir(at).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      if (!(await lstat(at)).isDirectory()) throw this.#inTheWay(path)
    })
    await beLike(at, await lstat(join(this.#target, path)))
  }

  async #carry(path: string): Promise<void> {
    try {
      await link(join(this.#target, path), join(this.path, path))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST' || code === 'ENOTDIR') throw this.#inTheWay(path)
      throw new ExpectedError(
        'OUTPUT_EXISTS',
        `${this.#shown}: holds ${path}, which nodeseed did not write and cannot carry over: ${code}`,
        {
          hint: 'Move it away, or name another directory.',
          cause: error,
        },
      )
    }
  }

  #inTheWay(path: string): ExpectedError {
    return new ExpectedError(
      'OUTPUT_EXISTS',
      `${join(this.#shown, path)}: is there already, and nodeseed did not write it`,
      {
        hint: 'Move it away, or name another directory.',
      },
    )
  }

  async #takePlace(): Promise<void> {
    const replaced = newNameBeside(this.#target, 'old')
    if (this.#earlier && !this.#earlier.isEmpty) {
      // Both at once: no signal is heard between them.
      renameSync(this.#target, replaced)
      try {
        renameSync(this.path, this.#target)
      } catch (error) {
        renameSync(replaced, this.#target)
        throw error
      }
    } else {
      renameSync(this.path, this.#target)
    }
    await syncDirectoryOf(this.#target)
    if (!this.#earlier || this.#earlier.isEmpty) return
    const left = await removeReplaced(replaced, this.#target)
    if (left.length === 0) return
    throw new ExpectedError('DISK_ERROR', `${this.#shown}: replaced, but files changed meanwhile: ${listNames(left)}`, {
      hint: `Take them from ${relative(process.cwd(), replaced) || replaced}, and remove that.`,
    })
  }
}

/** Makes a file in a directory of ours, with its parents, and brings it to the disk. */
export async function writeNew(file: string, content: string | Uint8Array, mode = 0o666): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const handle = await open(file, 'wx', mode)
  try {
    await writeAll(handle, content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function beLike(path: string, { uid, gid, mode }: { uid: number; gid: number; mode: number }): Promise<void> {
  const own = await lstat(path)
  if (own.uid !== uid || own.gid !== gid) await chown(path, uid, gid)
  await chmod(path, mode & 0o7777)
}

async function syncAll(root: string): Promise<void> {
  const { directories } = await walkDirectory(root)
  for (const directory of ['', ...directories]) await syncDirectoryOf(join(root, directory, 'any'))
}
