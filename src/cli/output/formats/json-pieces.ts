import { printableJson } from '../terminal/printable.ts'

/**
 * The text of `JSON.stringify(value, null, 2)`, printable, in pieces: the entries of an object's lists come one by one,
 * so that a large result is never there as one text.
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

function* listPieces(list: readonly unknown[]): Generator<string> {
  let before = '[\n'
  for (const entry of list) {
    yield `${before}    ${indented(entry, '    ')}`
    before = ',\n'
  }
  yield '\n  ]'
}

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
