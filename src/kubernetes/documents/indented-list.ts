import { ExpectedError } from '../../errors.ts'
import { findShallowJson } from './yaml.ts'

type Fields = Record<string, unknown>

/**
 * The list of a text as kubectl and `jq` indent it, read item by item, so that no more than one of them is a text at a
 * time: a list of nodes has tens of megabytes, nearly all of it images that many nodes have. Equal entries of
 * `status.images` are one object. Undefined for any other text, which is no mistake: whoever reads whole texts reads it.
 *
 * A line break cannot stand within a text of JSON. So whatever is cut out at line breaks and is a value by itself, with
 * commas between, is what a reader of the whole text would have read.
 */
export function readIndentedList(bytes: Buffer): Fields | undefined {
  try {
    return bytes[0] === BRACE ? readItems(bytes) : undefined
  } catch (error) {
    // What nests too deep is said by whoever reads the whole.
    if (error instanceof ExpectedError) return undefined
    throw error
  }
}

function readItems(bytes: Buffer): Fields | undefined {
  const start = bytes.indexOf(LIST) + LIST.length
  const indent = /^\n( +)\{\n/.exec(bytes.toString('latin1', start, start + 99))?.[1]
  if (start < LIST.length || indent === undefined) return undefined
  const close = `\n${indent}}`
  const between = `,\n${indent}`
  const shared = new Map<string, unknown>()
  const items: unknown[] = []
  let end = start
  let isLast = false
  for (let at = start; !isLast; at = end + between.length) {
    end = bytes.indexOf(close, at) + close.length
    if (end < at) return undefined
    const text = bytes.toString('utf8', at, end)
    const item = readWithImages(text, shared) ?? findShallowJson(text)
    if (item === undefined) return undefined
    items.push(item)
    isLast = bytes.toString('latin1', end, end + between.length) !== between
  }
  const around = bytes.toString('utf8', 0, start) + bytes.toString('utf8', end)
  const list = isOnlyKey('items', around) ? (findShallowJson(around) as Fields | undefined) : undefined
  return list && isEmptyList(list.items) ? { ...list, items } : undefined
}

const LIST = Buffer.from('"items": [')
const BRACE = 0x7b
const IMAGES = '"images": ['

/** An item, with entries of images that other items have too; undefined where the text is indented in another way. */
function readWithImages(text: string, shared: Map<string, unknown>): unknown {
  const key = text.indexOf(IMAGES)
  const start = key + IMAGES.length
  const indent = /\n( +)$/.exec(text.slice(Math.max(key - 99, 0), Math.max(key, 0)))?.[1]
  const inner = /^\n( +)\{/.exec(text.slice(start, start + 99))?.[1]
  const end = text.indexOf(`\n${indent}]`, start)
  const close = `\n${inner}}`
  if (indent === undefined || inner === undefined || end < 0 || !text.endsWith(close, end)) return undefined
  const around = text.slice(0, start) + text.slice(end)
  const item = isOnlyKey('images', around) ? (findShallowJson(around) as { status?: Fields } | undefined) : undefined
  if (!item?.status || !isEmptyList(item.status.images)) return undefined
  const entries: unknown[] = []
  for (const entry of text.slice(start + `\n${inner}{`.length, end - close.length).split(`${close},\n${inner}{`)) {
    const known = shared.get(entry) ?? findShallowJson(`{${entry}\n}`)
    if (known === undefined) return undefined
    // A copy, because the text is a window on that of the whole item.
    if (!shared.has(entry)) shared.set(` ${entry}`.slice(1), known)
    entries.push(known)
  }
  item.status.images = entries
  return item
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** Whether a text has a key once, and no escapes by which it could be there once more. */
function isOnlyKey(key: string, text: string): boolean {
  return text.indexOf(`"${key}"`) === text.lastIndexOf(`"${key}"`) && !text.includes('\\u')
}
