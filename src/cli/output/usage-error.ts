import { stripVTControlCharacters } from 'node:util'
import { Errors } from '@oclif/core'
import { ExpectedError } from '../../errors.ts'
import { closest } from './closest.ts'

/** A command as far as its command line goes. */
interface CommandNames {
  readonly id: string | undefined
  readonly flags: readonly string[]
}

/** What the parser says of a wrong command line, in one line and in our words; undefined for errors of other kinds. */
export function usageError(error: unknown, { id = '', flags }: CommandNames): ExpectedError | undefined {
  if (!(error instanceof Errors.CLIError) || error.oclif.exit !== 2) return undefined
  const [unknown] = 'flags' in error && Array.isArray(error.flags) ? (error.flags as string[]) : []
  const meant = unknown?.startsWith('--') ? closest(unknown.slice(2), flags) : undefined
  const problem = problemOf(error)
  const value = meantValue(problem)
  const hints = [
    ...(meant ? [`Did you mean --${meant}?`] : []),
    ...(value ? [`Did you mean ${value}?`] : []),
    ...(/missing flag: .*--nodes\b/.test(problem) ? [WRITE_NODES] : []),
    `See what it takes: nodeseed ${id} --help`,
  ]
  return new ExpectedError('USAGE', `nodeseed ${id}: ${problem}`, { hint: hints.join(' ') })
}

const WRITE_NODES = 'The list of nodes is what kubectl get nodes -o json > nodes.json writes.'

/** The value that may be meant where one of a few was wanted. */
function meantValue(problem: string): string | undefined {
  const [, value = '', wanted = ''] = /"([^"]+)" is none of (.*)$/.exec(problem) ?? []
  return closest(value, wanted.split(', '))
}

/** What the framework itself refuses: a flag where a command belongs, or the call of a command that is not ours. */
export function wrongCall(error: Errors.CLIError, [first = '']: readonly string[]): ExpectedError {
  if (!first.startsWith('-')) {
    const hint = `See what it takes: nodeseed ${first} --help`
    return new ExpectedError('USAGE', `nodeseed ${first}: ${problemOf(error)}`, { hint })
  }
  return new ExpectedError('USAGE', `${first} stands where a command belongs`, {
    hint: 'Name the command first: nodeseed COMMAND [FLAGS]. See all commands: nodeseed --help',
  })
}

/** The failure where there is no such command, with the one that may be meant. */
export function unknownCommand(name: string, commands: readonly string[]): ExpectedError {
  const meant = closest(name, commands)
  return new ExpectedError('USAGE', `no such command: ${name}`, {
    hint: meant
      ? `Did you mean: nodeseed ${meant}? All commands: nodeseed --help`
      : 'See all commands: nodeseed --help',
  })
}

/** The parser adds words of its own to what a flag's function throws. */
export function withoutParserWords(error: ExpectedError): ExpectedError {
  if (!error.message.endsWith(POINTER)) return error
  const message = oneLine(error.message).replace(/^Parsing (--\S+) /, '$1: ')
  return new ExpectedError(error.code, message, { hint: error.hint, cause: error.cause, ...error.data })
}

const POINTER = '\nSee more help with --help'

function problemOf(error: Errors.CLIError): string {
  const { args, flags } = error as { args?: { name?: string }[] | string[]; flags?: string[] }
  if (flags) return `unknown flag: ${flags.join(', ')}`
  if (args && error.message.startsWith('Missing')) {
    const names = (args as { name?: string }[]).map(({ name = '' }) => name.toUpperCase())
    return `missing argument: ${names.join(', ')}`
  }
  if (args) return `unexpected argument: ${args.join(', ')}`
  const text = stripVTControlCharacters(error.message).replace(POINTER, '')
  const reasons = text.replace(/^(Parsing --\S+)\s+/, '$1 ').split('\n')
  const missing = reasons.flatMap((reason) => /^\s*Missing required flag (\S+)$/.exec(reason)?.[1] ?? [])
  const said = reasons.map((reason) => inOurWords(reason.trim())).filter((reason) => reason !== '')
  return [
    ...(missing.length > 0 ? [`missing flag: ${missing.map((flag) => `--${flag}`).join(', ')}`] : []),
    ...said,
  ].join('; ')
}

/** What the parser says of flags and values, and how it reads here. */
const WORDS: readonly (readonly [parser: RegExp, ours: string])[] = [
  [/^The following errors? occurred:$|^Missing required flag .*$/, ''],
  [/^Exactly one of the following must be provided: (.*)$/, 'needs one of $1'],
  [/^At least one of the following must be provided: (.*)$/, 'needs at least one of $1'],
  [/^(?:One|All) of the following must be provided when using (--\S+): (.*)$/, '$1 needs $2'],
  [/^Only the following can be provided when using (--\S+): (.*)$/, '$1 goes with $2 only'],
  [/^(--[\w-]+)(?:=.*)? cannot also be provided when using (--\S+)$/, '$1 and $2 exclude each other'],
  [/^Flag (--\S+) expects a value$/, '$1 needs a value'],
  [/^Flag (--\S+) can only be specified once$/, '$1 stands there twice'],
  [/^Expected (--[\w-]+)=(.*) to be one of: (.*)$/, '$1: "$2" is none of $3'],
  [/^Expected (.*) to be one of: (.*)$/, '"$1" is none of $2'],
  [/^Expected an integer but received: (.*)$/, 'not a whole number: "$1"'],
  [/^Expected an integer greater than or equal to (.*) but received: (.*)$/, '"$2" is less than $1'],
  [/^Expected an integer less than or equal to (.*) but received: (.*)$/, '"$2" is more than $1'],
  [/^command [^:\s]+:(.*) not found$/, 'unexpected argument: $1'],
]

function inOurWords(reason: string): string {
  const [, flag, rest] = /^Parsing (--\S+) (.*)$/.exec(reason) ?? []
  if (flag && rest) return `${flag}: ${inOurWords(rest)}`
  const row = WORDS.find(([parser]) => parser.test(reason))
  return row ? reason.replace(row[0], row[1]) : reason
}

/** Without colours, line breaks and the parser's own pointer to the help. */
function oneLine(message: string): string {
  return stripVTControlCharacters(message)
    .replace(POINTER, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}
