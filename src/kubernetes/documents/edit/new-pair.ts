import { isNode, isScalar, type Pair, type YAMLMap } from 'yaml'
import { isJsonIn, plainText, textFor } from './scalar-text.ts'
import type { Splice } from './splice.ts'
import { lastMerge, pairOf } from './tree.ts'

type Content = string | Readonly<Record<string, string>>

/**
 * A new key in a map: below the image of a container, before the containers of a pod, else in front; and always below
 * merge keys, which kubectl lets win over what stands above them. Undefined where the map has no place for it.
 */
export function insertPair(text: string, map: YAMLMap, key: string, value: Content): Splice[] | undefined {
  const entries: [string, Content][] = [[key, value]]
  const merge = lastMerge(map)
  const image = pairOf(map, 'image')
  const isMergeLast = merge && !(image && map.items.indexOf(image) > map.items.indexOf(merge))
  if (isMergeLast) return insertBehind(text, map, merge, entries)
  if (image && !map.flow) return insertBehind(text, map, image, entries)
  if (merge && image) return insertBehind(text, map, image, entries)
  return insertBefore(text, map, pairOf(map, 'containers') ?? map.items[0], entries)
}

/** New keys in front of a pair. */
export function insertBefore(
  text: string,
  map: YAMLMap,
  pair: Pair | undefined,
  entries: readonly (readonly [string, Content])[],
): Splice[] | undefined {
  if (map.flow) return insertInFront(text, map, entries)
  const start = isScalar(pair?.key) ? pair.key.range?.[0] : undefined
  if (start === undefined) return undefined
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const indent = ' '.repeat(start - lineStart)
  const eol = lineEnd(text, start)
  const lines = entries.flatMap((entry) => blockLines(entry)).map((line) => `${line}${eol}${indent}`)
  // A comment above the key belongs to it, and stays with it.
  const isAlone = text.slice(lineStart, start).trim() === ''
  const before = pair ? map.items[map.items.indexOf(pair) - 1] : undefined
  const above = isAlone ? aboveComments(text, lineStart, endOf(before?.value) ?? 0) : lineStart
  if (above === lineStart) return [{ start, end: start, insert: lines.join('') }]
  const insert = lines.map((line) => indent + line.trimEnd() + eol).join('')
  return [{ start: above, end: above, insert }]
}

function insertBehind(
  text: string,
  map: YAMLMap,
  { key, value }: Pair,
  entries: readonly (readonly [string, Content])[],
): Splice[] | undefined {
  const [keyStart] = (isScalar(key) && key.range) || []
  const valueEnd = endOf(value)
  if (keyStart === undefined || valueEnd === undefined) return undefined
  if (map.flow) {
    const items = entries.map((entry) => `, ${flowItem(entry, isJsonIn(text, map))}`)
    return [{ start: valueEnd, end: valueEnd, insert: items.join('') }]
  }
  const indent = ' '.repeat(keyStart - (text.lastIndexOf('\n', keyStart - 1) + 1))
  const next = text.indexOf('\n', valueEnd - 1)
  const eol = lineEnd(text, keyStart)
  const end = next < 0 ? text.length : next - (text[next - 1] === '\r' ? 1 : 0)
  const lines = entries.flatMap((entry) => blockLines(entry)).map((line) => `${eol}${indent}${line}`)
  return [{ start: end, end, insert: lines.join('') }]
}

function endOf(value: unknown): number | undefined {
  return isNode(value) ? value.range?.[1] : undefined
}

/** Behind the opening brace, in the manner of what follows it: on its own line, or on the same. */
function insertInFront(
  text: string,
  map: YAMLMap,
  entries: readonly (readonly [string, Content])[],
): Splice[] | undefined {
  const [open] = map.range ?? []
  if (open === undefined || text[open] !== '{') return undefined
  const first = map.items[0]?.key
  const gap = isScalar(first) ? text.slice(open + 1, first.range?.[0]) : ''
  const items = entries.map((entry) => flowItem(entry, isJsonIn(text, map)))
  return [{ start: open + 1, end: open + 1, insert: inFront(items, gap, first !== undefined) }]
}

function inFront(items: readonly string[], gap: string, hasMore: boolean): string {
  // A comment stands behind the brace, or an anchor or tag before the key.
  if (gap.trim() !== '') return `${items.join(', ')}, `
  if (gap.includes('\n')) return items.map((item) => `${gap}${item},`).join('')
  return gap + items.join(', ') + (hasMore ? `,${gap === '' ? ' ' : ''}` : '')
}

function flowItem([key, value]: readonly [string, Content], isJson: boolean): string {
  return `${isJson ? JSON.stringify(key) : plainText(key)}: ${textFor(value, isJson)}`
}

function blockLines([key, value]: readonly [string, Content]): string[] {
  if (typeof value === 'string') return [`${plainText(key)}: ${plainText(value)}`]
  return [
    `${plainText(key)}:`,
    ...Object.entries(value).map(([name, text]) => `  ${plainText(name)}: ${plainText(text)}`),
  ]
}

/** Where the comments above a line begin, behind what ends at `floor`: a text of several lines may look like comments. */
function aboveComments(text: string, lineStart: number, floor: number): number {
  let at = lineStart
  while (at > 0) {
    const previous = text.lastIndexOf('\n', at - 2) + 1
    if (previous < floor || !text.slice(previous, at).trimStart().startsWith('#')) break
    at = previous
  }
  return at
}

/** How lines end around a place, which is looked for there only: a text may have many places. */
function lineEnd(text: string, near: number): string {
  const next = text.indexOf('\n', near)
  const at = next < 0 ? text.lastIndexOf('\n', near) : next
  return at > 0 && text[at - 1] === '\r' ? '\r\n' : '\n'
}
