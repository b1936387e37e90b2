import { existsSync } from 'node:fs'
import { lstat, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ExpectedError, noDirectory } from '../errors.ts'

/**
 * Makes sure, before any work is done for it, that a file can have its place. What is made in place, under another name
 * until it is whole, takes that of no link, device or pipe; other writers write through devices.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND when there is no such directory; OUTPUT_EXISTS, unless it may be replaced.
 */
export async function checkOutputPlace(
  path: string,
  { replace, isInPlace = false }: { replace: boolean; isInPlace?: boolean },
): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  const isDirectory = found?.isDirectory() || (found?.isSymbolicLink() && (await leadsToDirectory(path)))
  if (isDirectory) {
    throw new ExpectedError('OUTPUT_EXISTS', `${path}: is a directory`, {
      hint: `Name a file, such as ${join(path, 'FILE')}.`,
    })
  }
  if (isInPlace && found && !found.isFile()) {
    throw new ExpectedError(
      'OUTPUT_EXISTS',
      `${path}: is a link, a device or a pipe, which no file takes the place of`,
      {
        hint: 'Name a file, or the one that the link leads to.',
      },
    )
  }
  if (!replace && existsSync(path)) throw outputExists(path)
  const isThere = await stat(dirname(path)).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
  if (!isThere) throw noDirectory(path)
}

async function leadsToDirectory(link: string): Promise<boolean> {
  return stat(link).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}

/** The failure where a file stands in the way. */
export function outputExists(
  path: string,
  hint = 'Write to another file, or add --force to replace this one.',
): ExpectedError {
  return new ExpectedError('OUTPUT_EXISTS', `${path}: is there already`, { hint })
}
