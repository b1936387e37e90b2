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
  let before = '[\n'
  let count = 1
  for (let from = 0; from < list.length; ) {
    // In a list of lists the entries stand as deep as they do here.
    const text = textOf([list.slice(from, from + count)])
    yield before + text.slice(NESTED_START.length, -NESTED_END.length)
    before = ',\n'
    from += count
    count = Math.max(1, Math.min(Math.floor((count * PIECE) / text.length), 2 * count, MOST_ENTRIES))
  }
  yield '\n  ]'
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
