import { type Document, isAlias, isMap, isScalar, parseAllDocuments, type Scalar, stringify, type YAMLMap } from 'yaml'
import type { Path } from './path.ts'

/** A text to be set at a path of a document. */
export interface TextEdit {
  readonly path: Path
  readonly value: string
}

/** `insert` in place of what stands from `start` to `end`. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly insert: string
}

/** The documents of a text as trees that know where each value stands. */
export function parseTrees(text: string): Document.Parsed[] {
  const trees = parseAllDocuments(text, { merge: true, uniqueKeys: false, keepSourceTokens: true })
  return Array.isArray(trees) ? trees : []
}

/**
 * What to change in the text so that a document has the values of the edits, and nothing else moves: comments, order,
 * quoting and line ends stay. A path's last key, or its last two, may be missing; a text says why where that is not
 * enough, and where a value is shared by an alias.
 */
export function splicesFor(text: string, tree: Document.Parsed, edits: readonly TextEdit[]): Splice[] | string {
  const splices: Splice[] = []
  const missing = new Map<string, { parent: Path; edits: TextEdit[] }>()
  for (const edit of edits) {
    if (isShared(tree, edit.path)) return 'an alias shares this part with others'
    const node = tree.getIn(edit.path, true)
    if (isScalar(node)) {
      const [start, end] = node.range ?? [0, 0]
      splices.push({ start, end, insert: renderLike(node, edit.value) })
      continue
    }
    const parent = edit.path.slice(0, -1)
    const group = missing.get(JSON.stringify(parent)) ?? { parent, edits: [] }
    missing.set(JSON.stringify(parent), { parent, edits: [...group.edits, edit] })
  }
  for (const { parent, edits } of missing.values()) {
    const splice = insertion(text, tree, parent, edits)
    if (!splice) return `there is no place for ${edits.map(({ path }) => path.at(-1)).join(', ')}`
    splices.push(splice)
  }
  return splices
}

/** The text with all splices in it; their places are those of the text as it was. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const pieces: string[] = []
  let at = 0
  for (const { start, end, insert } of splices.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(at, start), insert)
    at = end
  }
  return [...pieces, text.slice(at)].join('')
}

function isShared(tree: Document.Parsed, path: Path): boolean {
  return path.some((_, depth) => {
    const node = tree.getIn(path.slice(0, depth + 1), true)
    return isAlias(node) || (isMap(node) && node.anchor !== undefined)
  })
}

/** New keys: in the map of the parent path, or as a new map in the one above. */
function insertion(text: string, tree: Document.Parsed, parent: Path, edits: readonly TextEdit[]): Splice | undefined {
  const entries = edits.map(({ path, value }) => [String(path.at(-1)), value] as const)
  const map = tree.getIn(parent, true)
  if (isMap(map)) {
    const isContainer = map.has('image')
    return isContainer ? insertAfter(text, map, 'image', entries) : insertBefore(text, map, undefined, entries)
  }
  const above = tree.getIn(parent.slice(0, -1), true)
  if (map !== undefined || !isMap(above)) return undefined
  return insertBefore(text, above, 'containers', [[String(parent.at(-1)), Object.fromEntries(entries)]])
}

type Entry = readonly [key: string, value: string | Readonly<Record<string, string>>]

function insertBefore(
  text: string,
  map: YAMLMap,
  key: string | undefined,
  entries: readonly Entry[],
): Splice | undefined {
  if (map.flow) return insertIntoFlow(text, map, entries)
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key) ?? map.items[0]
  const start = isScalar(pair?.key) ? pair.key.range?.[0] : undefined
  if (start === undefined) return undefined
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const indent = ' '.repeat(start - lineStart)
  const eol = lineEnd(text, start)
  const lines = entries.flatMap((entry) => blockLines(entry)).map((line) => `${line}${eol}${indent}`)
  // A comment above the key belongs to it, and stays with it.
  const at = text.slice(lineStart, start).trim() === '' ? aboveComments(text, lineStart) + indent.length : start
  const comments = at < start ? text.slice(at, start) : ''
  return { start: at, end: start, insert: lines.join('') + comments }
}

function insertAfter(text: string, map: YAMLMap, key: string, entries: readonly Entry[]): Splice | undefined {
  if (map.flow) return insertIntoFlow(text, map, entries)
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key)
  if (!isScalar(pair?.key) || !isScalar(pair.value)) return undefined
  const [keyStart] = pair.key.range ?? [0]
  const indent = ' '.repeat(keyStart - (text.lastIndexOf('\n', keyStart - 1) + 1))
  const next = text.indexOf('\n', (pair.value.range?.[1] ?? 0) - 1)
  const eol = lineEnd(text, keyStart)
  const end = next < 0 ? text.length : next - (text[next - 1] === '\r' ? 1 : 0)
  const lines = entries.flatMap((entry) => blockLines(entry)).map((line) => `${eol}${indent}${line}`)
  return { start: end, end, insert: lines.join('') }
}

/** Behind the opening brace, in the manner of what follows it: on its own line, or on the same. */
function insertIntoFlow(text: string, map: YAMLMap, entries: readonly Entry[]): Splice | undefined {
  const [open] = map.range ?? []
  if (open === undefined || text[open] !== '{') return undefined
  const first = map.items[0]?.key
  const isJson = isScalar(first) ? first.type === 'QUOTE_DOUBLE' : text.trimStart().startsWith('{')
  const gap = isScalar(first) ? text.slice(open + 1, first.range?.[0]) : ''
  if (gap.trim() !== '') return undefined
  const items = entries.map(([key, value]) => (isJson ? jsonItem(key, value) : flowItem(key, value)))
  const insert = gap.includes('\n')
    ? items.map((item) => `${gap}${item},`).join('')
    : gap + items.join(', ') + (first === undefined ? '' : `,${gap === '' ? ' ' : ''}`)
  return { start: open + 1, end: open + 1, insert }
}

function jsonItem(key: string, value: Entry[1]): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`
}

function flowItem(key: string, value: Entry[1]): string {
  if (typeof value === 'string') return `${renderPlain(key)}: ${renderPlain(value)}`
  return `${renderPlain(key)}: {${Object.entries(value)
    .map(([name, text]) => flowItem(name, text))
    .join(', ')}}`
}

function blockLines([key, value]: Entry): string[] {
  if (typeof value === 'string') return [`${renderPlain(key)}: ${renderPlain(value)}`]
  return [
    `${renderPlain(key)}:`,
    ...Object.entries(value).map(([name, text]) => `  ${renderPlain(name)}: ${renderPlain(text)}`),
  ]
}

function renderLike({ type }: Scalar, value: string): string {
  if (type === 'QUOTE_DOUBLE') return JSON.stringify(value)
  if (type === 'QUOTE_SINGLE') return `'${value.replaceAll("'", "''")}'`
  return renderPlain(value)
}

/** Plain where kubectl reads it as this text, else quoted. */
function renderPlain(value: string): string {
  return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd()
}

function aboveComments(text: string, lineStart: number): number {
  let at = lineStart
  while (at > 0) {
    const previous = text.lastIndexOf('\n', at - 2) + 1
    if (!text.slice(previous, at).trimStart().startsWith('#')) break
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
