import { join } from 'node:path'
import { isUnchanged, OWN_FILES, readOwnFiles } from '../../disk/own-files.ts'
import { ExpectedError } from '../../errors.ts'
import { isRecordedSet, recordedSetsProblem } from '../../seed/placement/recorded-sets.ts'
import { readText } from '../texts/read-text.ts'

export const PLACEMENT_FILE = 'placement.json'

const WRITE_AGAIN = 'Write the directory again with nodeseed seed, or take it whole, its hidden file too.'

const NAME_IT = 'Name the directory that was given to nodeseed seed with -o.'

/**
 * What an earlier `seed` wrote down in its directory, as JSON. A file that was changed since then is refused and, where
 * it `mustBeListed`, one of which the directory does not say what it was.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID
 */
export async function readPlacementFile<T>(
  directory: string,
  isPlacement: (value: unknown) => value is T,
  { mustBeListed = false } = {},
): Promise<T> {
  const file = join(directory, PLACEMENT_FILE)
  const text = await readText(file).catch((error) => {
    if (!(error instanceof ExpectedError)) throw error
    throw new ExpectedError(error.code, error.message, { hint: NAME_IT, cause: error })
  })
  await refuseChanged(directory, mustBeListed)
  const value = parse(text)
  if (!isPlacement(value))
    throw new ExpectedError('INPUT_INVALID', `${file}: not what nodeseed seed writes`, { hint: NAME_IT })
  const { sets, ...beside } = value as { sets?: unknown; nodes?: unknown[]; workloads?: unknown[] }
  const problem = Array.isArray(sets) && sets.every(isRecordedSet) ? recordedSetsProblem(sets, beside) : undefined
  if (problem === undefined) return value
  throw new ExpectedError('INPUT_INVALID', `${file}: ${problem}`, { hint: WRITE_AGAIN })
}

async function refuseChanged(directory: string, mustBeListed: boolean): Promise<void> {
  const file = join(directory, PLACEMENT_FILE)
  const digest = (await readOwnFiles(directory))?.get(PLACEMENT_FILE)
  if (digest === undefined ? !mustBeListed : await isUnchanged(file, digest)) return
  const problem =
    digest === undefined
      ? `nothing in ${OWN_FILES} says that nodeseed seed wrote it`
      : 'changed since nodeseed seed wrote it'
  throw new ExpectedError('INPUT_INVALID', `${file}: ${problem}`, {
    hint: WRITE_AGAIN,
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
