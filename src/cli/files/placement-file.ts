import { join } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import { readText } from '../texts/read-text.ts'

export const PLACEMENT_FILE = 'placement.json'

const NAME_IT = 'Name the directory that was given to nodeseed seed with -o.'

/**
 * What an earlier `seed` wrote down in its directory, as JSON.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID
 */
export async function readPlacementFile<T>(directory: string, isPlacement: (value: unknown) => value is T): Promise<T> {
  const file = join(directory, PLACEMENT_FILE)
  const text = await readText(file).catch((error) => {
    if (!(error instanceof ExpectedError)) throw error
    throw new ExpectedError(error.code, error.message, { hint: NAME_IT, cause: error })
  })
  const value = parse(text)
  if (isPlacement(value)) return value
  throw new ExpectedError('INPUT_INVALID', `${file}: not what nodeseed seed writes`, {
    hint: NAME_IT,
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
