import yaml from 'js-yaml'
import { ExpectedError } from '../../errors.ts'
import { findJson } from './json.ts'
import { plainValueOf } from './plain-value.ts'
import { notePositions, type Positions } from './position.ts'

const VALUES = (['null', 'bool', 'int', 'float'] as const).map(
  (name) =>
    new yaml.Type(`tag:yaml.org,2002:${name}`, {
      kind: 'scalar',
      resolve: (data) => isA(name, plainValueOf(data)),
      construct: plainValueOf,
    }),
)

function isA(name: 'null' | 'bool' | 'int' | 'float', value: unknown): boolean {
  if (name === 'null') return value === null
  if (name === 'bool') return typeof value === 'boolean'
  return typeof value === 'number' && (name === 'float' || Number.isInteger(value))
}

/**
 * YAML as kubectl and Helm read it (go-yaml v2): a bare `yes` or `on` is true, `0644` is 420 and `1_000` a number, merge
 * keys work, dates and unknown tags stay text, the last of two equal keys wins.
 */
const SCHEMA = yaml.FAILSAFE_SCHEMA.extend({
  implicit: [
    new yaml.Type('nodeseed:value', {
      kind: 'scalar',
      resolve: (data) => plainValueOf(data) !== undefined,
      construct: plainValueOf,
    }),
    new yaml.Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (data) => data === '<<' || data === null }),
  ],
  explicit: [
    ...VALUES,
    ...(['scalar', 'sequence', 'mapping'] as const).flatMap((kind) =>
      ['!', 'tag:'].map((prefix) => new yaml.Type(prefix, { kind, multi: true, construct: (data) => data ?? '' })),
    ),
  ],
})

/** How far aliases may blow a document up: values after expansion. Real files stay below a few hundred thousand. */
const MAX_EXPANDED_VALUES = 2_000_000

/** How deep values may nest: far deeper than any tool writes, and shallow enough for functions that recurse. */
const MAX_DEPTH = 400

/** A document as its reader saw it. */
export interface ReadYaml {
  readonly value: unknown
  /** No map has a key twice. False where one has, and where a reader of JSON did not look. */
  readonly hasUniqueKeys: boolean
}

/**
 * The value of one YAML or JSON document. Aliases are shared objects, never cycles.
 *
 * @throws {ExpectedError} INPUT_INVALID; the message starts with `line N: `, N counted from 0, where the line is known.
 */
export function parseYaml(source: string): unknown {
  return readYaml(source).value
}

/** The same, with what the reader saw of its keys on the way. */
export function readYaml(source: string): ReadYaml {
  const json = /^\s*[{[]/.test(source) ? findShallowJson(source) : undefined
  if (json !== undefined) return { value: json, hasUniqueKeys: false }
  const read = loadNoting(source)
  if (source.includes('*') && /(^|[\s[{,:-])\*\S/m.test(source)) refuseAliasBombs(read.value)
  if (source.includes('{{')) refuseMapsAsKeys(read.value, source)
  return read
}

/** Whether some map of a document has a key twice, of which {@link parseYaml} takes the last. */
export function hasDuplicateKeys(source: string): boolean {
  try {
    loadWith(source, {})
    return false
  } catch (error) {
    return isDuplicateKey(error)
  }
}

/** Whether every map of a document has each key once. Where that cannot be seen, as in JSON that is no YAML, it has not. */
export function hasUniqueKeys(source: string): boolean {
  try {
    loadWith(source, {})
    return true
  } catch {
    return false
  }
}

/** Where the values of a document stand that {@link parseYaml} has read. */
export function locateYaml(source: string): Positions {
  const positions = notePositions()
  try {
    load(source, positions.listener)
    return positions
  } catch (error) {
    // JSON holds characters that YAML forbids; such a document's values all stand on its first line.
    if (error instanceof ExpectedError) return notePositions()
    throw error
  }
}

/** A reader that minds stops at a key that stands twice. Few documents have one, and only those are read again. */
function loadNoting(source: string): ReadYaml {
  try {
    return { value: loadWith(source, {}), hasUniqueKeys: true }
  } catch (error) {
    if (!isDuplicateKey(error)) throw inputError(source, error)
    return { value: load(source, null), hasUniqueKeys: false }
  }
}

function load(source: string, listener: Positions['listener'] | null): unknown {
  try {
    return loadWith(source, { json: true, listener })
  } catch (error) {
    throw inputError(source, error)
  }
}

/** With `json` the last of equal keys counts; without it they are an error. */
function loadWith(source: string, options: { json?: boolean; listener?: Positions['listener'] | null }): unknown {
  return yaml.load(source, { schema: SCHEMA, maxDepth: MAX_DEPTH, ...options } as unknown as yaml.LoadOptions)
}

function isDuplicateKey(error: unknown): boolean {
  return error instanceof yaml.YAMLException && error.reason === 'duplicated mapping key'
}

function inputError(source: string, error: unknown): unknown {
  if (!(error instanceof yaml.YAMLException)) return error
  // The end of the text is one line too far where the last line is whole.
  const line = Math.min(error.mark?.line ?? 0, source.trimEnd().split('\n').length - 1)
  return new ExpectedError('INPUT_INVALID', `line ${line}: ${error.reason}`)
}

/** The value of strict JSON; undefined for flow-style YAML, and for what is broken: the YAML reader says how, and where. */
export function findShallowJson(source: string): unknown {
  const value = findJson(source)
  refuseDepth(value)
  return value
}

function refuseDepth(value: unknown, depth = 0): void {
  if (depth > MAX_DEPTH) throw new ExpectedError('INPUT_INVALID', `line 0: nested deeper than ${MAX_DEPTH} levels`)
  if (typeof value !== 'object' || value === null) return
  // Lists of nodes have millions of values, so that nothing is made on the way.
  if (Array.isArray(value)) for (const child of value) refuseDepth(child, depth + 1)
  else for (const key in value) refuseDepth((value as Record<string, unknown>)[key], depth + 1)
}

/** Where a template left `name: {{X}}` unquoted, YAML has a map as a key, which kubectl refuses: it is not rendered. */
function refuseMapsAsKeys(root: unknown, source: string): void {
  const seen = new Set<object>()
  const isRefused = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return false
    seen.add(value)
    return Object.hasOwn(value, '[object Object]') || Object.values(value).some(isRefused)
  }
  if (!isRefused(root)) return
  const line = Math.max(
    source.split('\n').findIndex((content) => /^[^#"']*[:-][ \t]+\{\{/.test(content)),
    0,
  )
  throw new ExpectedError('INPUT_INVALID', `line ${line}: a template that is not rendered: a map as a key`)
}

function refuseAliasBombs(root: unknown): void {
  const sizes = new Map<object, number>()
  const open = new Set<object>()
  const sizeOf = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1
    const known = sizes.get(value)
    if (known !== undefined) return known
    if (open.has(value)) throw new ExpectedError('INPUT_INVALID', 'line 0: an alias that contains itself')
    open.add(value)
    const size = Object.values(value).reduce((sum: number, child) => sum + sizeOf(child), 1)
    open.delete(value)
    sizes.set(value, size)
    if (size > MAX_EXPANDED_VALUES) {
      throw new ExpectedError('INPUT_INVALID', `line 0: aliases expand to more than ${MAX_EXPANDED_VALUES} values`)
    }
    return size
  }
  sizeOf(root)
}
