import { hasDuplicateKeys } from './yaml.ts'

/** A key that a map has twice: what stands under it first is lost. Lines count from 0. */
export interface DuplicateKey {
  readonly key: string
  readonly line: number
  readonly firstLine: number
  /** The text of what is lost. */
  readonly lost: string
}

interface Frame {
  readonly indent: number
  readonly keys: Map<string, number>
}

const KEY = /^(\s{0,200}(?:-\s{1,20}){0,9})(?:"([^"\\]{1,200})"|'([^']{1,200})'|([\w./-]{1,200}))\s{0,9}:(?:\s|$)/
const BLOCK_SCALAR = /:\s{1,20}(?:[&!]\S{1,99}\s{1,9}){0,2}[|>][-+0-9]{0,3}\s{0,99}(?:#.*)?$/
/** Keys on one line of JSON or flow style. */
const TWICE = /\bimage["']?\s{0,9}:[^{}]{1,600}[,\s"']image["']?\s{0,9}:/
/** Beyond this a line is data. */
const MAX_LINE = 4096

/**
 * The keys that stand twice in a map of a YAML or JSON text, where each has a line of its own, and images of one map on one
 * line. Lines tell which may, in one pass; the reader has the last word, and is asked only where there is one.
 */
export function duplicateKeysIn(source: string): DuplicateKey[] {
  const lines = source.split('\n')
  const found = suspectsIn(lines)
  return found.length > 0 && hasDuplicateKeys(source) ? found : []
}

function suspectsIn(lines: readonly string[]): DuplicateKey[] {
  const found: DuplicateKey[] = []
  let frames: Frame[] = []
  let scalar: number | undefined
  lines.forEach((content, line) => {
    const indent = content.search(/\S/)
    if (indent < 0 || content.length > MAX_LINE || content[indent] === '#') return
    if (scalar !== undefined && indent > scalar) return
    scalar = undefined
    if (/^---(?:\s|$)/.test(content)) frames = []
    const isItem = /^-\s/.test(content.slice(indent))
    while (frames.length > 0 && (frames.at(-1)?.indent ?? 0) > indent) frames.pop()
    if (TWICE.test(content)) found.push({ key: 'image', line, firstLine: line, lost: content })
    const [, before, double, single, plain] = KEY.exec(content) ?? []
    const key = double ?? single ?? plain
    if (before === undefined || key === undefined) return
    const column = before.length
    if (isItem) while (frames.length > 0 && (frames.at(-1)?.indent ?? 0) >= column) frames.pop()
    if (BLOCK_SCALAR.test(content)) scalar = column
    if (frames.at(-1)?.indent !== column) frames.push({ indent: column, keys: new Map() })
    const keys = frames.at(-1)?.keys
    const first = keys?.get(key)
    if (first !== undefined) found.push({ key, line, firstLine: first, lost: valueAt(lines, first, column, line) })
    keys?.set(key, line)
  })
  return found
}

/** The lines of a value: its key's, and those that are deeper, or items of a list beside the key. */
function valueAt(lines: readonly string[], first: number, column: number, end: number): string {
  let last = first + 1
  while (last < end) {
    const indent = (lines[last] ?? '').search(/\S/)
    if (indent >= 0 && indent <= column && !(indent === column && /^-\s/.test((lines[last] ?? '').slice(indent)))) break
    last++
  }
  return lines.slice(first, last).join('\n')
}
