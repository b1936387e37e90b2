import { dirname, isAbsolute, join } from 'node:path'
import { type Interfaces, Parser } from '@oclif/core'
import { ExpectedError } from '../../errors.ts'
import { listNames } from '../../plural.ts'
import { closest } from '../output/closest.ts'
import { usageError, withoutParserWords } from '../output/usage-error.ts'
import { findProjects } from './find-project.ts'
import type { FlaggedCommand } from './flagged-commands.ts'
import type { FlagSetting } from './project-file.ts'

type KnownFlag = Interfaces.FlagInput[string] & {
  readonly helpValue?: string | readonly string[]
  readonly options?: readonly string[]
  readonly name?: string
}
type KnownFlags = Readonly<Record<string, KnownFlag>>

/** A command line with what the project file says of its flags. */
interface ProjectWords {
  readonly words: readonly string[]
  /** Which flag was taken from which line, and what is given instead; values may be secrets and are not told. */
  readonly told: readonly ToldFlag[]
}

interface ToldFlag {
  readonly name: string
  readonly place: string
  /** The flag of the command line because of which it is not taken. */
  readonly instead: string | undefined
}

/**
 * A command line with the flags of the project file that the run begins with: the one that `--config` names, else the
 * one where the command runs, when it names neither inputs nor images. What the command line gives counts instead, and
 * so does what excludes a flag of the file.
 *
 * @throws {ExpectedError} INPUT_INVALID, naming file and line: no such flag, or no value for it; what reading throws.
 */
export async function projectWords(
  command: { readonly id: string; readonly flags: KnownFlags },
  words: readonly string[],
  flagsOf: (id: FlaggedCommand) => KnownFlags,
): Promise<ProjectWords> {
  const asIs = { words, told: [] }
  const given = await namesOf(words, command.flags)
  if (!given) return asIs
  const { flags, argv } = given
  const isOpen = argv.length === 0 && OPEN.every((name) => flags[name] === undefined)
  if (!isOpen && flags.config === undefined) return asIs
  const [project] = await findProjects([], flags.config as string | undefined)
  for (const [id, settings] of Object.entries(project?.flags ?? {})) {
    for (const [name, setting] of Object.entries(settings)) checkFlag(id, name, setting, flagsOf(id as FlaggedCommand))
  }
  const settings = Object.entries(project?.flags?.[command.id as FlaggedCommand] ?? {})
  if (!project || settings.length === 0) return asIs
  const told: ToldFlag[] = []
  const taken: string[] = []
  for (const [name, setting] of settings) {
    const own = wordsOf(name, setting, command.flags[name]!, dirname(project.file))
    await checkValues(own, name, setting, command.flags)
    const instead = Object.keys(flags).find((other) => other === name || excludes(command.flags, name, other))
    told.push({ name, place: setting.place, instead })
    if (instead === undefined) taken.push(...own)
  }
  // Images that the file names stand beside its inputs, not in their place.
  const inputs = isOpen ? (project.inputs ?? []).map((input) => (input.startsWith('-') ? `./${input}` : input)) : []
  return {
    words: [...taken, ...(flags.config === undefined ? [`--config=${project.file}`] : []), ...words, ...inputs],
    told,
  }
}

/** A line for each flag of the file, for who asks what a run does. */
export function tellFlags(told: readonly ToldFlag[]): string[] {
  return told.map(({ name, place, instead }) => {
    return `${place}: --${name}${instead === undefined ? '' : `: not taken, the command line has --${instead}`}`
  })
}

/** A wrong command line, with the lines of the file that are part of it. */
export function withPlaces(error: unknown, id: string, told: readonly ToldFlag[]): unknown {
  const places = told.flatMap(({ name, place, instead }) => (instead === undefined ? [`--${name} (${place})`] : []))
  const known = places.length > 0 ? usageError(error, { id, flags: [] }) : undefined
  return known
    ? new ExpectedError('USAGE', known.message, { hint: `The project file gives ${listNames(places)}.` })
    : error
}

/** Flags that name what is taken, as arguments do. */
const OPEN = ['filename', 'image', 'distro']

/** What a command line gives, whether or not it is complete; undefined where it is none, which its own parser says. */
async function namesOf(words: readonly string[], flags: KnownFlags) {
  const alone = Object.entries(flags).map(([name, flag]) => [name, withoutRules(flag)])
  const input = { flags: Object.fromEntries(alone), args: {}, strict: false }
  return Parser.parse([...words], input).catch(() => undefined)
}

function withoutRules(flag: KnownFlag): KnownFlag {
  const { char, type, multiple, allowNo, aliases, name } = flag as Interfaces.OptionFlag<unknown> & {
    allowNo?: boolean
  }
  const kept = { char, type, multiple, multipleNonGreedy: true, allowNo, aliases, name }
  return { ...kept, input: [], parse: async (text: unknown) => text } as unknown as KnownFlag
}

/** What the file says in a key of its own, or only a command line says. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  platform: 'Say it below platforms, at the top of the file.',
  strict: 'Say it below strict, at the top of the file.',
  allow: 'Say it below allow, at the top of the file.',
  filename: 'Name inputs below inputs, at the top of the file.',
  'bundle output': 'Say it below output, at the top of the file.',
  'bundle force': 'Say it below force, at the top of the file.',
}
const FOR_COMMAND_LINES = ['json', 'color', 'all', 'verbose', 'quiet', 'config', 'scan output']

function checkFlag(id: string, name: string, { values, isList, place }: FlagSetting, flags: KnownFlags): void {
  const refuse = (problem: string, hint = `See what it takes: nodeseed ${id} --help`): never => {
    throw new ExpectedError('INPUT_INVALID', `${place}: ${problem}`, { hint })
  }
  const elsewhere = ELSEWHERE[name] ?? ELSEWHERE[`${id} ${name}`]
  if (elsewhere) refuse(`--${name} has a key of its own`, elsewhere)
  if ([name, `${id} ${name}`].some((one) => FOR_COMMAND_LINES.includes(one)))
    refuse(`--${name} is for command lines only`)
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined
  if (!flag) {
    const meant = closest(name, Object.keys(flags))
    refuse(`nodeseed ${id} has no flag --${name}`, meant && `Did you mean ${meant}? See all: nodeseed ${id} --help`)
  }
  const areTruths = values.every((value) => typeof value === 'boolean')
  if (flag?.type === 'boolean' && (!areTruths || isList)) refuse(`--${name} takes true or false`)
  if (flag?.type === 'option' && areTruths && !flag.options?.includes('on')) refuse(`--${name} needs a value`)
  if (flag?.type === 'option' && isList && !flag.multiple) refuse(`--${name} takes one value, not a list`)
}

function wordsOf(name: string, { values }: FlagSetting, flag: KnownFlag, directory: string): string[] {
  if (flag.type !== 'boolean') return values.map((value) => `--${name}=${pathOf(flag, textOf(value), directory)}`)
  if (values[0] === true) return [`--${name}`]
  return flag.allowNo ? [`--no-${name}`] : []
}

/** A bare `on` or `off` is read as a truth. */
function textOf(value: string | boolean): string {
  if (typeof value === 'string') return value
  return value ? 'on' : 'off'
}

/** Paths in the file begin at its directory; so do those behind an equals sign. */
function pathOf({ helpValue }: KnownFlag, value: string, directory: string): string {
  const below = (path: string) =>
    path === '-' || isAbsolute(path) || /^[a-z][a-z0-9+.-]*:/i.test(path) ? path : join(directory, path)
  const [, named, path = ''] = /^([^=]+=)(.+)$/s.exec(value) ?? []
  if (helpValue === 'NAME@VERSION[=FILE]') return named === undefined ? value : named + below(path)
  if (helpValue === 'PLACE' && named !== undefined) return named + below(path)
  return PATHS.includes(String(helpValue)) ? below(value) : value
}

const PATHS = ['FILE', 'DIR', 'PATH', 'KEY', 'POLICY', 'PLACE']

async function checkValues(
  words: readonly string[],
  name: string,
  { place }: FlagSetting,
  flags: KnownFlags,
): Promise<void> {
  const { exclusive, dependsOn, exactlyOne, ...alone } = flags[name] as Interfaces.OptionFlag<unknown>
  try {
    await Parser.parse([...words], { flags: { [name]: alone } as Interfaces.FlagInput, args: {} })
  } catch (error) {
    const known = error instanceof ExpectedError ? withoutParserWords(error) : usageError(error, { id: '', flags: [] })
    if (!known) throw error
    throw new ExpectedError('INPUT_INVALID', `${place}: ${known.message.replace(/^nodeseed : /, '')}`, {
      hint: known.hint,
    })
  }
}

function excludes(flags: KnownFlags, name: string, other: string): boolean {
  const says = (one: string, of: string) => {
    const { exclusive = [], exactlyOne = [] } = (flags[one] ?? {}) as Interfaces.OptionFlag<unknown>
    return [...exclusive, ...exactlyOne].includes(of)
  }
  return says(name, other) || says(other, name)
}
