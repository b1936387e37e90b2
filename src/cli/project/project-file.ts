import { dirname, isAbsolute, join, normalize } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import { readAllDocuments } from '../../kubernetes/documents/document.ts'
import { duplicateKeysIn } from '../../kubernetes/documents/duplicate-keys.ts'
import type { Path } from '../../kubernetes/documents/path.ts'
import { hasDuplicateKeys } from '../../kubernetes/documents/yaml.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { closest } from '../output/closest.ts'
import type { Excuse } from '../output/omissions.ts'
import { checkPlatform } from '../texts/known-platform.ts'
import { excuseOf } from './excuse.ts'
import type { FlaggedCommand } from './flagged-commands.ts'

/** How a chart is rendered; paths lead from where the command runs. */
export interface ChartSettings {
  readonly values?: readonly string[]
  readonly set?: readonly string[]
  readonly release?: string
  readonly namespace?: string
  readonly kubeVersion?: string
  readonly apiVersions?: readonly string[]
}

/** A chart, and how it is rendered: once, or for several environments. */
export interface ProjectChart {
  readonly path: string
  /** File and line that name it. */
  readonly place: string
  readonly settings: readonly ChartSettings[]
}

/** What `nodeseed.yaml` says; paths lead from where the command runs. */
export interface Project {
  readonly inputs?: readonly string[]
  readonly platforms?: readonly string[]
  readonly output?: string
  readonly force?: boolean
  readonly strict?: boolean
  readonly allow?: readonly Excuse[]
  readonly charts?: readonly ProjectChart[]
  readonly flags?: Readonly<Partial<Record<FlaggedCommand, Readonly<Record<string, FlagSetting>>>>>
}

/** What the file says of one flag; whether there is such a flag is another question. */
export interface FlagSetting {
  readonly values: readonly (string | boolean)[]
  readonly isList: boolean
  /** File and line. */
  readonly place: string
}

/** Where in the file something is wrong. */
type Refuse = (path: Path, problem: string, hint?: string) => never
type Read<T> = (value: unknown, path: Path, refuse: Refuse, place: Place) => T

interface Place {
  readonly below: (path: string) => string
  readonly at: (path: Path) => string
}

/**
 * Reads the text of a project file, whose paths begin at its directory.
 *
 * @throws {ExpectedError} INPUT_INVALID, naming file, line and what is wrong.
 */
export function parseProject(text: string, file: string): Project {
  const [document, second] = readAllDocuments(text, file)
  if (!document) return {}
  const at = (path: Path) => `${file}:${document.lineOf(path)}`
  const refuse: Refuse = (path, problem, hint) => {
    throw new ExpectedError('INPUT_INVALID', `${at(path)}: ${problem}`, { hint: hint ?? HINT })
  }
  const refuseLine = (line: number, problem: string) => {
    throw new ExpectedError('INPUT_INVALID', `${file}:${line}: ${problem}`, { hint: HINT })
  }
  if (second) refuseLine(second.lineOf([]), 'a second document')
  if (!document.hasUniqueKeys && hasDuplicateKeys(document.source)) {
    const [twice] = duplicateKeysIn(document.source)
    refuseLine(document.line + (twice?.line ?? 0), `${twice?.key ?? 'a key'} stands there twice`)
  }
  const below = (path: string) => (isAbsolute(path) ? normalize(path) : join(dirname(file), path))
  return fieldsOf(document.value, [], FIELDS, refuse, { below, at })
}

const HINT = 'schemas/config.json says what may stand there.'

const text: Read<string> = (value, path, refuse) => {
  if (typeof value === 'string' && value !== '' && !/[\0\n]/.test(value)) return value
  return refuse(path, `${JSON.stringify(path.at(-1))} has to be a text`)
}
const truth: Read<boolean> = (value, path, refuse) => {
  return typeof value === 'boolean' ? value : refuse(path, `${path.at(-1)} has to be true or false`)
}
const textsWith =
  <T>(read: Read<T>): Read<T[]> =>
  (value, path, refuse, place) => {
    if (!Array.isArray(value)) return refuse(path, `${path.at(-1)} has to be a list`)
    return value.map((one, index) => read(one, [...path, index], refuse, place))
  }
const like =
  (pattern: RegExp, what: string): Read<string> =>
  (value, path, refuse) => {
    if (typeof value === 'string' && pattern.test(value)) return value
    return refuse(path, `${JSON.stringify(value)} is no ${what}`)
  }
const pathBelow: Read<string> = (value, path, refuse, place) => {
  const named = text(value, path, refuse, place)
  if (named === '-' || /^[a-z][a-z0-9+.-]*:\/\//i.test(named))
    return refuse(path, `${JSON.stringify(named)} is no path`)
  return place.below(named)
}
/** What is written stays beside the file, since who scans a directory need not have written it. */
const pathInside: Read<string> = (value, path, refuse, place) => {
  const named = text(value, path, refuse, place)
  if (isAbsolute(named) || normalize(named).startsWith('..')) {
    return refuse(path, `${JSON.stringify(named)} leads out of the directory of this file`)
  }
  return place.below(named)
}
/** What a flag's own reader refuses is refused with its line. */
const asFlag =
  <T>(read: (text: string, place: string) => T): Read<T> =>
  (value, path, refuse, place) => {
    try {
      return read(text(value, path, refuse, place), place.at(path))
    } catch (error) {
      if (!(error instanceof ExpectedError) || error.code === 'INPUT_INVALID') throw error
      return refuse(path, error.message, error.hint)
    }
  }
const platform = asFlag((named) => {
  checkPlatform(named)
  return named
})

/** Names that Kubernetes and Helm take. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/

const CHART_FIELDS = {
  values: textsWith(pathBelow),
  set: textsWith(like(/^[^=\0\n]+=[^\0]*$/, 'KEY=VALUE')),
  release: like(NAME, 'name of a release'),
  namespace: like(NAME, 'name of a namespace'),
  kubeVersion: like(/^v?\d+\.\d+(?:\.\d+)?(?:[-+][\w.+-]+)?$/, 'version of Kubernetes, such as "1.34" (in quotes)'),
  apiVersions: textsWith(like(/^[\w.-]+(?:\/[\w.-]+){1,2}$/, 'API version, such as monitoring.coreos.com/v1')),
} as const

const settings: Read<ChartSettings> = (value, path, refuse, place) => fieldsOf(value, path, CHART_FIELDS, refuse, place)

const charts: Read<ProjectChart[]> = (value, path, refuse, place) => {
  if (!isObject(value)) return refuse(path, 'charts has to be a map: the path of each chart and how it is rendered')
  return Object.entries(value).map(([chart, how]) => {
    const at = [...path, chart]
    const several = Array.isArray(how)
      ? textsWith(settings)(how, at, refuse, place)
      : [settings(how, at, refuse, place)]
    return { path: pathBelow(chart, at, refuse, place), place: place.at(at), settings: several }
  })
}

const flagSetting: Read<FlagSetting> = (value, path, refuse, place) => {
  const values = (Array.isArray(value) ? value : [value]).map((one): string | boolean => {
    if (typeof one === 'string' && one !== '' && !/[\0\n]/.test(one)) return one
    if (typeof one === 'boolean' && !Array.isArray(value)) return one
    // What YAML makes of 1.30 is another text.
    if (Number.isSafeInteger(one)) return String(one)
    return refuse(path, `${path.at(-1)} has to be a text, true, false, a whole number, or a list of texts`)
  })
  return { values, isList: Array.isArray(value), place: place.at(path) }
}

const flagSettings: Read<Record<string, FlagSetting>> = (value, path, refuse, place) => {
  if (!isObject(value)) return refuse(path, `${path.at(-1)} has to be a map of flags, without their dashes`)
  const read = Object.entries(value).map(([name, one]) => [name, flagSetting(one, [...path, name], refuse, place)])
  return Object.fromEntries(read)
}

const FLAGGED_COMMANDS = { scan: flagSettings, lock: flagSettings, bundle: flagSettings } as const

const flags: Read<NonNullable<Project['flags']>> = (value, path, refuse, place) =>
  fieldsOf(value, path, FLAGGED_COMMANDS, refuse, place)

const FIELDS = {
  inputs: textsWith(pathBelow),
  platforms: textsWith(platform),
  output: pathInside,
  force: truth,
  strict: truth,
  allow: textsWith(asFlag(excuseOf)),
  charts,
  flags,
} as const

type Fields<T> = { readonly [K in keyof T]?: T[K] extends Read<infer V> ? V : never }

function fieldsOf<T extends Readonly<Record<string, Read<unknown>>>>(
  value: unknown,
  path: Path,
  fields: T,
  refuse: Refuse,
  place: Place,
): Fields<T> {
  if (!isObject(value))
    return refuse(path, `${path.at(-1) ?? 'the file'} has to be a map of: ${Object.keys(fields).join(', ')}`)
  const read = Object.entries(value).map(([key, field]) => {
    const reader = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (reader) return [key, reader(field, [...path, key], refuse, place)]
    const meant = closest(key, Object.keys(fields))
    const known = `There are: ${Object.keys(fields).join(', ')}.`
    return refuse(
      [...path, key],
      `unknown key ${JSON.stringify(key)}`,
      meant ? `Did you mean ${meant}? ${known}` : known,
    )
  })
  return Object.fromEntries(read) as Fields<T>
}
