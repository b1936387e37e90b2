import { printableJson } from '../terminal/printable.ts'

/**
 * The text of `JSON.stringify(value, null, 2)`, printable, in pieces: the entries of an object's lists come a few at a
 * time, so that a large result is never there as one text.
 */
export function* jsonPieces(value: unknown): Generator<string> {
  const fields = isPlainObject(value) ? Object.entries(value).filter(([, field]) => isWritten(field)) : []
  if (fields.length === 0) {
    yield textOf(value)
    return
  }
  let before = '{\n'
  for (const [name, field] of fields) {
    yield `${before}  ${textOf(name)}: `
    if (Array.isArray(field) && field.length > 0) yield* listPieces(field)
    else yield indented(field, '  ')
    before = ',\n'
  }
  yield '\n}'
}

/** What a piece of a list comes to, in characters: shorter ones cost more time, longer ones memory. */
const PIECE = 32_768
const MOST_ENTRIES = 256

function* listPieces(list: readonly unknown[]): Generator<string> {
  const lists = sharedLists()
  let before = '[\n'
  let count = 1
  for (let from = 0; from < list.length; ) {
    const text = entriesText(list.slice(from, from + count), lists)
    yield before + text
    before = ',\n'
    from += count
    count = Math.max(1, Math.min(Math.floor((count * PIECE) / text.length), 2 * count, MOST_ENTRIES))
  }
  yield '\n  ]'
}

type ListTexts = (list: readonly unknown[]) => string | undefined

function entriesText(entries: readonly unknown[], lists: ListTexts): string {
  if (!entries.some(hasLists)) return nestedText(entries)
  return entries.map((entry) => (hasLists(entry) ? entryText(entry, lists) : nestedText([entry]))).join(',\n')
}

function hasLists(entry: unknown): entry is Record<string, unknown> {
  return isPlainObject(entry) && Object.values(entry).some(isLong)
}

/** An entry, in which the text of lists that others have too is put in where they stand. */
function entryText(entry: Record<string, unknown>, lists: ListTexts): string {
  const rest = { ...entry }
  const put: [name: string, text: string][] = []
  for (const [name, field] of Object.entries(entry)) {
    const text = isLong(field) ? lists(field) : undefined
    if (text === undefined) continue
    put.push([name, text])
    rest[name] = 0
  }
  const text = nestedText([rest])
  // A text that grows by whole lists would be copied each time that it is searched.
  const parts: string[] = []
  let from = 0
  for (const [name, list] of put) {
    // No text has a line break, and no deeper field so little before it.
    const at = `\n      ${textOf(name)}: `
    const begins = text.indexOf(at, from) + at.length
    parts.push(text.slice(from, begins), list)
    from = begins + 1
  }
  return [...parts, text.slice(from)].join('')
}

function isLong(field: unknown): field is readonly unknown[] {
  return Array.isArray(field) && field.length > 0
}

/** How much text of lists is kept for those that have the same one: the verdicts of a class of pods stand at each of them. */
const MOST_KEPT = 16_000_000

function sharedLists(): ListTexts {
  const known = new Map<readonly unknown[], string>()
  let kept = 0
  return (list) => {
    const text = known.get(list)
    if (text !== undefined || kept > MOST_KEPT) return text
    const made = indented(list, '      ')
    known.set(list, made)
    kept += made.length
    return made
  }
}

/** Entries as they stand in a list of a result: in a list of lists they stand as deep. */
function nestedText(entries: readonly unknown[]): string {
  return textOf([entries]).slice(NESTED_START.length, -NESTED_END.length)
}

const NESTED_START = '[\n  [\n'
const NESTED_END = '\n  ]\n]'

/** A newline inside JSON text only ever stands between values: in strings it is escaped. */
function indented(value: unknown, indent: string): string {
  return textOf(value).replaceAll('\n', `\n${indent}`)
}

function textOf(value: unknown): string {
  return printableJson(JSON.stringify(value, null, 2) ?? 'null')
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value)
}

/** JSON leaves out what it has no words for. */
function isWritten(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol'
}
