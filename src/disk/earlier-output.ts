import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ExpectedError, writeError } from '../errors.ts'
import { listNames } from '../plural.ts'
import { type DirectoryEntry, isUnchanged, OWN_FILES, type OwnFiles, readOwnFiles, walkDirectory } from './own-files.ts'

/** A directory that another takes the place of. */
export interface EarlierOutput {
  readonly stats: Stats
  readonly isEmpty: boolean
  /** What we wrote in it. */
  readonly own: OwnFiles
  readonly directories: readonly string[]
  /** What others wrote in it: not ours to touch. */
  readonly foreign: readonly DirectoryEntry[]
}

/**
 * What a directory holds that is to be written; undefined where there is none.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS unless it is ours, as we left it, and `force` lets it go; DISK_ERROR
 */
export async function readEarlierOutput(
  target: string,
  shown: string,
  force: boolean,
): Promise<EarlierOutput | undefined> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    if (error.code === 'ENOTDIR') throw refused(`${shown}: is a file, not a directory`, 'Name another directory.')
    throw writeError(shown, error)
  })
  if (!names) return undefined
  await assertReplaceable(target, shown)
  const stats = await lstat(target)
  if (names.length === 0) return { stats, own: new Map(), directories: [], foreign: [], isEmpty: true }
  if (!force) {
    throw refused(
      `${shown}: is not empty`,
      'Name another directory with -o, or replace what an earlier run wrote with --force.',
    )
  }
  const own = await readOwnFiles(target)
  if (!own) {
    throw refused(`${shown}: holds no ${OWN_FILES}, so it is no output of nodeseed`, 'Name another directory.')
  }
  const { directories, entries } = await walkDirectory(target)
  const changed: string[] = []
  for (const { path } of entries) {
    const digest = own.get(path)
    if (digest !== undefined && !(await isUnchanged(join(target, path), digest))) changed.push(path)
  }
  if (changed.length > 0) {
    throw refused(
      `${shown}: somebody changed what nodeseed wrote there: ${listNames(changed)}`,
      'Move these files away to keep the changes, or name another directory.',
    )
  }
  const foreign = entries.filter(({ path }) => path !== OWN_FILES && !own.has(path))
  return { stats, own, directories, foreign, isEmpty: false }
}

/** A directory is replaced as a whole, which the system refuses for some, and who stands in one would be left nowhere. */
async function assertReplaceable(target: string, shown: string): Promise<void> {
  const [own, parent] = await Promise.all([lstat(target), lstat(dirname(target))])
  const isMount = own.dev !== parent.dev || own.ino === parent.ino
  if (!isMount && !`${process.cwd()}/`.startsWith(`${target}/`)) return
  const problem = isMount ? 'is where a file system is mounted' : 'is the directory that this runs in'
  throw refused(`${shown}: ${problem}, so it cannot be replaced as a whole`, `Name one in it: ${join(shown, 'NAME')}`)
}

function refused(message: string, hint: string): ExpectedError {
  return new ExpectedError('OUTPUT_EXISTS', message, { hint })
}
