import { isNode, isScalar, type Pair, type Scalar, type YAMLMap } from 'yaml'
import { changedMap, type MapChange } from './edited-value.ts'
import { insertBefore } from './new-pair.ts'
import { isJsonIn, textFor, textLike } from './scalar-text.ts'
import type { Splice } from './splice.ts'
import { lastMerge, pairOf } from './tree.ts'

/**
 * What to change in the text of a map of texts: values in their places, a key that goes gives its place to one that
 * comes. A map that merges others is written anew, as the values that it has. Undefined where there is no place.
 */
export function changeMap(text: string, map: YAMLMap, present: unknown, change: MapChange): Splice[] | undefined {
  if (lastMerge(map)) return writeAnew(text, map, changedMap(present, change))
  const splices: Splice[] = []
  const pending: [string, string][] = []
  for (const [key, value] of Object.entries(change.set)) {
    const pair = pairOf(map, key)
    if (!pair) pending.push([key, value])
    else if (!pushTo(splices, replaceText(pair.value, value))) return writeAnew(text, map, changedMap(present, change))
  }
  const leaving = map.items.filter(({ key }) => isScalar(key) && change.drop.includes(String(key.value)))
  for (const pair of leaving) {
    const [key, value] = pending.shift() ?? []
    if (key === undefined || value === undefined) splices.push(...removePair(text, map, pair))
    else if (!pushTo(splices, replaceText(pair.key, key)) || !pushTo(splices, replaceText(pair.value, value)))
      return writeAnew(text, map, changedMap(present, change))
  }
  if (pending.length === 0) return splices
  const inserted = insertBefore(text, map, map.items[0], pending)
  return inserted && [...splices, ...inserted]
}

function pushTo(splices: Splice[], splice: Splice | undefined): boolean {
  if (splice) splices.push(splice)
  return splice !== undefined
}

function replaceText(node: unknown, value: string): Splice | undefined {
  if (!isScalar(node) || !node.range || node.value === value) {
    return isScalar(node) && node.range ? { start: node.range[0], end: node.range[0], insert: '' } : undefined
  }
  const [start, end] = node.range
  if (start === end || node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL') return undefined
  return { start, end, insert: textLike(node as Scalar, value) }
}

function removePair(text: string, map: YAMLMap, pair: Pair): Splice[] {
  const [keyStart = 0] = (isScalar(pair.key) && pair.key.range) || []
  const end = endOf(pair.value) ?? endOf(pair.key) ?? keyStart
  const lineStart = text.lastIndexOf('\n', keyStart - 1) + 1
  if (!map.flow) {
    const lineEnd = text.indexOf('\n', Math.max(end - 1, keyStart))
    return [{ start: lineStart, end: lineEnd < 0 ? text.length : lineEnd + 1, insert: '' }]
  }
  const comma = /^\s*,[ \t]*/.exec(text.slice(end, end + 100))?.[0]
  if (comma !== undefined) return [{ start: keyStart, end: end + comma.length, insert: '' }]
  const before = /,\s*$/.exec(text.slice(0, keyStart).slice(-100))?.[0] ?? ''
  return [{ start: keyStart - before.length, end, insert: '' }]
}

/** The whole map in braces, on the line of its key. */
function writeAnew(text: string, map: YAMLMap, values: Record<string, unknown>): Splice[] | undefined {
  const texts = Object.entries(values)
  const [start, end] = map.range ?? []
  if (start === undefined || end === undefined || texts.some(([, value]) => typeof value !== 'string')) return undefined
  const insert = textFor(Object.fromEntries(texts) as Record<string, string>, isJsonIn(text, map))
  if (map.flow) return [{ start, end, insert }]
  return [{ start, end: start + text.slice(start, end).trimEnd().length, insert }]
}

function endOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[1] : undefined
}
