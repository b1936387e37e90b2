import { join } from 'node:path'
import { ExpectedError } from '../../../errors.ts'
import { globMatcher } from '../../texts/glob.ts'
import { readText } from '../../texts/read-text.ts'

/** Whether a path below a directory (with `/` between its parts) is to be left out. */
export type Ignores = (path: string) => boolean

/** Named in a scanned directory, it says what to leave out, in the manner of .gitignore. */
export const IGNORE_FILE = '.nodeseedignore'

/** Reads the ignore file of a directory; without one nothing is ignored. @throws {ExpectedError} INPUT_UNREADABLE */
export async function readIgnoreFile(directory: string): Promise<Ignores> {
  const text = await readText(join(directory, IGNORE_FILE)).catch((error: unknown) => {
    if (error instanceof ExpectedError && error.code === 'INPUT_NOT_FOUND') return ''
    throw error
  })
  return parseIgnores(text)
}

/**
 * Lines are patterns: `*`, `?` and `[a-z]` stop at `/`, `**` does not; a `/` at the start or inside ties a pattern to
 * the directory of the file; one at the end is for folders only; `!` takes back, `\` makes the next character plain.
 * The last pattern that fits decides.
 */
export function parseIgnores(text: string): Ignores {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isTakenBack: line.startsWith('!'), isMatch: globMatcher(line.replace(/^!/, '')) }))
  return (path) => rules.findLast(({ isMatch }) => isMatch(path))?.isTakenBack === false
}
