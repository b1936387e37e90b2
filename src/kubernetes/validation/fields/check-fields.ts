import type { Path } from '../../documents/path.ts'
import { isObject } from '../../objects/resource.ts'
import { POD_FIELDS } from '../../pods/pod-fields.ts'
import { FIELD_RULES, type ValidatedField } from './field-rules.ts'
import { FIELD_TYPES } from './field-types.ts'
import { isQuantity } from './formats.ts'
import type { ValidationProblem } from './problem.ts'

interface Field {
  readonly type: string
  readonly isList: boolean
  readonly rule: ValidatedField
}

const NO_RULE: ValidatedField = {}

const TYPES: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  Object.entries(FIELD_TYPES).map(([type, text]) => [
    type,
    new Map(
      text.split(' ').map((entry) => {
        const [name = '', code = 's'] = entry.split(':')
        const isList = code.endsWith('[]')
        const rule = FIELD_RULES[type]?.[name] ?? NO_RULE
        return [name, { type: isList ? code.slice(0, -2) : code, isList, rule }]
      }),
    ),
  ]),
)

const REQUIRED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(FIELD_RULES).map(([type, rules]) => [
    type,
    Object.keys(rules).filter((name) => rules[name]?.isRequired),
  ]),
)

/** Types of which FIELD_TYPES has some fields only, and those whose strange fields are told as unmodelled. */
const PARTLY_LISTED: ReadonlySet<string> = new Set([
  ...['ObjectMeta', 'PodTemplateSpec', 'PersistentVolumeClaim', 'JobSchedulingConfiguration', 'SecurityProfileOCI'],
  ...['Node', 'NodeMeta', 'NodeSpec', 'NodeStatus', 'NodeCondition', 'NodeSystemInfo', 'Taint'],
  ...['LivePod', 'LivePodSpec', 'LivePodStatus', 'LiveContainer', 'LiveContainerStatus', 'LiveVolume'],
  ...Object.keys(POD_FIELDS),
])

const STRANGE = 'is no field of Kubernetes 1.38: kubectl refuses it, and other clients have it dropped'

/**
 * What the API server refuses in the fields of an object, each by itself: what it cannot decode, what is not there, what
 * breaks the field's rule; and what it has no field for. `type` is a key of FIELD_TYPES.
 */
export function checkFields(value: unknown, type: string, path: Path): ValidationProblem[] {
  const problems: ValidationProblem[] = []
  walk(value, type, [...path], problems)
  return problems
}

/** `path` is one list that grows and shrinks: most objects have no problem. */
function walk(value: unknown, type: string, path: (string | number)[], problems: ValidationProblem[]): void {
  if (!isObject(value)) {
    problems.push({ path: [...path], message: 'is no object' })
    return
  }
  const fields = TYPES.get(type)
  for (const name of REQUIRED.get(type) ?? []) {
    if (isMissing(value[name])) problems.push({ path: [...path, name], message: 'is missing', isMissing: true })
  }
  for (const name in value) {
    const field = fields?.get(name)
    const child = value[name]
    if (child === undefined || child === null) continue
    if (!field) {
      if (!PARTLY_LISTED.has(type)) problems.push({ path: [...path, name], message: STRANGE, isStrange: true })
      continue
    }
    path.push(name)
    if (field.isList) walkList(child, field, path, problems)
    else walkValue(child, field.type, path, problems, field.rule)
    path.pop()
  }
}

function walkList(
  list: unknown,
  { type, rule }: Field,
  path: (string | number)[],
  problems: ValidationProblem[],
): void {
  if (!Array.isArray(list)) {
    problems.push({ path: [...path], message: 'is no list' })
    return
  }
  const entryRule = rule.entry ? { check: rule.entry, isStrict: true } : NO_RULE
  const seen = rule.unique === undefined ? undefined : new Set()
  for (let index = 0; index < list.length; index++) {
    const entry: unknown = list[index]
    path.push(index)
    walkValue(entry ?? EMPTY[type] ?? {}, type, path, problems, entryRule)
    const key = seen && isObject(entry) ? entry[rule.unique ?? ''] : undefined
    if (seen?.has(key) && key !== undefined)
      problems.push({ path: [...path], message: `repeats ${JSON.stringify(key)}` })
    seen?.add(key)
    path.pop()
  }
}

function walkValue(
  value: unknown,
  type: string,
  path: (string | number)[],
  problems: ValidationProblem[],
  rule: ValidatedField,
): void {
  const before = problems.length
  const entries = MAPS[type]
  const wrong = SCALARS[type]?.(value)
  if (wrong !== undefined) problems.push({ path: [...path], message: `is ${sayValue(value)}, not ${wrong}` })
  else if (entries) walkMap(value, entries, path, problems)
  else if (!SCALARS[type]) walk(value, type, path, problems)
  if (problems.length > before || rule.check === undefined || (value === '' && !rule.isStrict)) return
  const message = rule.check(value)
  if (message !== undefined) problems.push({ path: [...path], message })
}

function walkMap(value: unknown, type: string, path: (string | number)[], problems: ValidationProblem[]): void {
  if (!isObject(value)) {
    problems.push({ path: [...path], message: 'is no map' })
    return
  }
  for (const key in value) {
    const wrong = value[key] === null ? undefined : SCALARS[type]?.(value[key])
    if (wrong !== undefined)
      problems.push({ path: [...path, key], message: `is ${sayValue(value[key])}, not ${wrong}` })
  }
}

/** The types of the values of maps. */
const MAPS: Readonly<Record<string, string>> = { m: 's', Q: 'q' }

/** What a value of a type is called where it is not one. */
const SCALARS: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  s: (value) => (typeof value === 'string' ? undefined : 'a text'),
  i: (value) => (Number.isInteger(value) ? undefined : 'an integer'),
  b: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
  o: (value) => (typeof value === 'string' || Number.isInteger(value) ? undefined : 'an integer or a text'),
  q: (value) => (isQuantity(value) ? undefined : 'a quantity'),
}

/** What null stands for. */
const EMPTY: Readonly<Record<string, unknown>> = { s: '', i: 0, b: false, q: '0', o: 0 }

function isMissing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return Array.isArray(value) && value.length === 0
}

function sayValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
