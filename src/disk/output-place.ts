import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ExpectedError } from '../errors.ts'

/**
 * Makes sure, before any work is done for it, that a file can have its place.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND when there is no such directory; OUTPUT_EXISTS, unless it may be replaced.
 */
export async function checkOutputPlace(path: string, { replace }: { replace: boolean }): Promise<void> {
  const isDirectory = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
  if (isDirectory) {
    throw new ExpectedError('OUTPUT_EXISTS', `${path}: is a directory`, {
      hint: `Name a file, such as ${join(path, 'FILE')}.`,
    })
  }
  if (!replace && existsSync(path)) throw outputExists(path)
  const directory = dirname(path)
  const isThere = await stat(directory).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
  if (isThere) return
  throw new ExpectedError('INPUT_NOT_FOUND', `${path}: there is no directory ${directory}`, {
    hint: `Make it first: mkdir -p ${directory}`,
  })
}

/** The failure where a file stands in the way. */
export function outputExists(
  path: string,
  hint = 'Write to another file, or add --force to replace this one.',
): ExpectedError {
  return new ExpectedError('OUTPUT_EXISTS', `${path}: is there already`, { hint })
}
