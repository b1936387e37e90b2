import { parseEnv } from 'node:util'
import { ExpectedError } from '../../errors.ts'
import { readText } from '../texts/read-text.ts'

interface Vars {
  readonly vars: ReadonlyMap<string, string>
  /** The names that each file has. */
  readonly files: ReadonlyMap<string, ReadonlySet<string>>
  /** The names of the command line. */
  readonly given: readonly string[]
}

/**
 * What placeholders stand for: the assignments of env files (`NAME=value`, quotes and `#` as in dotenv) and of the
 * command line, which come last.
 *
 * @throws {ExpectedError} USAGE, INPUT_INVALID; what reading a file throws.
 */
export async function readVars(files: readonly string[], assignments: readonly string[]): Promise<Vars> {
  const vars = new Map<string, string>()
  const names = new Map<string, ReadonlySet<string>>()
  for (const file of files) {
    const read = await readVarFile(file)
    for (const [name, value] of read) vars.set(name, value)
    names.set(file, new Set(read.map(([name]) => name)))
  }
  const given = new Map<string, string>()
  for (const [name, value] of assignments.map(readVar)) {
    const other = given.get(name)
    if (other !== undefined && other !== value) {
      throw new ExpectedError(
        'USAGE',
        `--var gives ${name} two values: ${JSON.stringify(other)} and ${JSON.stringify(value)}`,
        {
          hint: 'Give one of them; for two sets of images, scan twice.',
        },
      )
    }
    given.set(name, value)
    vars.set(name, value)
  }
  return { vars, files: names, given: [...given.keys()] }
}

async function readVarFile(file: string): Promise<[name: string, value: string][]> {
  const text = await readText(file)
  const lines = text.split('\n')
  const wrong = lines.findIndex((line) => !/^\s*(?:#.*)?$|=/.test(line) && !isInQuotes(text, line))
  if (wrong >= 0) {
    throw new ExpectedError('INPUT_INVALID', `${file}:${wrong + 1}: is no NAME=VALUE`, {
      hint: 'Write one assignment a line: REGISTRY=registry.example.com; a comment begins with #.',
    })
  }
  return Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? ''])
}

/** A value in quotes may have several lines. */
function isInQuotes(text: string, line: string): boolean {
  return Object.values(parseEnv(text)).some((value) => value?.includes(line.replace(/["'`]\s*$/, '')))
}

function readVar(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new ExpectedError('USAGE', `not a name and its value: ${JSON.stringify(text)}`, {
    hint: 'Give it as --var REGISTRY=registry.example.com',
  })
}
