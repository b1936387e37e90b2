import yaml from 'js-yaml'
import { ExpectedError } from '../errors.ts'

/**
 * YAML as kubectl reads it, as far as strings go: merge keys work, dates and unknown tags stay text, the last of two
 * equal keys wins. Numbers and booleans follow YAML 1.2, which no image name or label depends on.
 */
export const SCHEMA = yaml.CORE_SCHEMA.extend({
  implicit: [
    new yaml.Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (data) => data === '<<' || data === null }),
  ],
  explicit: (['scalar', 'sequence', 'mapping'] as const).map(
    (kind) => new yaml.Type('!', { kind, multi: true, construct: (data) => data ?? '' }),
  ),
})

/** How far aliases may blow a document up: values after expansion. Real files stay below a few hundred thousand. */
const MAX_EXPANDED_VALUES = 2_000_000

const MAX_DEPTH = 400

/**
 * The value of one YAML or JSON document. Aliases are shared objects, never cycles.
 *
 * @throws {ExpectedError} INPUT_INVALID; the message starts with `line N: `, N counted from 0, where the line is known.
 */
export function parseYaml(source: string): unknown {
  if (/^\s*[{[]/.test(source)) {
    try {
      return JSON.parse(source)
    } catch {
      // Not strict JSON: flow-style YAML, or broken. The YAML reader says which, and where.
    }
  }
  try {
    const value = yaml.load(source, { schema: SCHEMA, json: true, maxDepth: MAX_DEPTH } as yaml.LoadOptions)
    if (/(^|[\s[{,:-])\*\S/m.test(source)) refuseAliasBombs(value)
    return value
  } catch (error) {
    if (error instanceof yaml.YAMLException) {
      throw new ExpectedError('INPUT_INVALID', `line ${error.mark?.line ?? 0}: ${error.reason}`)
    }
    throw error
  }
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
