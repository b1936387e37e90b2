import { isObject } from '../../kubernetes/objects/resource.ts'

/** Values of a chart. */
export type Values = Readonly<Record<string, unknown>>

/** As helm merges values: maps key by key, everything else as a whole. Keys with null stay, since they take defaults away. */
export function mergeValues(under: Values, over: Values): Values {
  const merged: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(under, key) ? under[key] : undefined
    const both = isObject(below) && isObject(value) ? mergeValues(below, value) : value
    Object.defineProperty(merged, key, { value: both, enumerable: true, writable: true, configurable: true })
  }
  return merged
}

/** More than any chart has; a list is made as long as an index says. */
const MAX_INDEX = 1000

/**
 * The values that one setting makes: `image.tag` and `1.4`, as helm reads what stands behind `--set`; undefined for what
 * says more than one value, or is no path.
 */
export function valuesOfSetting(path: string, text: string): Values | undefined {
  const keys = keysOf(path)
  if (!keys || /[,{}\\]/.test(text)) return undefined
  const value = keys.reduceRight<unknown>((inner, key) => wrapped(key, inner), typed(text))
  return isObject(value) ? value : undefined
}

function wrapped(key: string | number, inner: unknown): unknown {
  if (typeof key === 'string') return { [key]: inner }
  const list: unknown[] = new Array(key).fill(null)
  return [...list, inner]
}

function keysOf(path: string): (string | number)[] | undefined {
  const keys: (string | number)[] = []
  for (const part of path.split(/(?<!\\)\./)) {
    const [, name = '', indexes = ''] = /^((?:[^[\]=,{}\\]|\\.)+)((?:\[\d{1,4}\])*)$/.exec(part) ?? []
    if (name === '') return undefined
    keys.push(name.replace(/\\(.)/g, '$1'))
    for (const [, index = ''] of indexes.matchAll(/\[(\d+)\]/g)) {
      if (Number(index) > MAX_INDEX) return undefined
      keys.push(Number(index))
    }
  }
  return keys
}

function typed(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === 'null') return null
  const isNumber = /^(?:0|-?[1-9]\d{0,14})$/.test(text)
  return isNumber ? Number(text) : text
}
