import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readError } from '../../errors.ts'

/** Whether a path below a directory (with `/` between its parts) is to be left out. */
export type Ignores = (path: string) => boolean

/** Named in a scanned directory, it says what to leave out, in the manner of .gitignore. */
const IGNORE_FILE = '.nodeseedignore'

/** Reads the ignore file of a directory; without one nothing is ignored. @throws {ExpectedError} INPUT_UNREADABLE */
export async function readIgnoreFile(directory: string): Promise<Ignores> {
  const text = await readFile(join(directory, IGNORE_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw readError(join(directory, IGNORE_FILE), error)
  })
  return parseIgnores(text)
}

/**
 * Lines are patterns: `*` and `?` stop at `/`, `**` does not; a `/` at the start or inside ties a pattern to the
 * directory of the file; one at the end is for folders only; `!` takes back. The last pattern that fits decides.
 */
export function parseIgnores(text: string): Ignores {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isTakenBack: line.startsWith('!'), pattern: patternFor(line.replace(/^!/, '')) }))
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.isTakenBack === false
}

function patternFor(glob: string): RegExp {
  const isFolder = glob.endsWith('/')
  const name = glob.replace(/\/$/, '')
  const start = name.includes('/') ? '^' : '(?:^|/)'
  const body = name
    .replace(/^\//, '')
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => GLOB_PARTS.get(part) ?? part.replace(/[\\^$.|+()[\]{}]/g, '\\$&'))
    .join('')
  return new RegExp(`${start}${body}${isFolder ? '/' : '(?:/|$)'}`)
}

const GLOB_PARTS: ReadonlyMap<string, string> = new Map([
  ['**/', '(?:.*/)?'],
  ['**', '.*'],
  ['*', '[^/]*'],
  ['?', '[^/]'],
])
