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
/** A map of flow style, or of JSON, that has a key beside its brace. */
const FLOW = /\{[ \t]{0,20}["']?[\w./-]{1,200}["']?[ \t]{0,9}:/
/** In flow style keys share lines; of these are looked at that lead to images. */
const FLOW_SIGN =
  /[{}]|(?<![\w./-])(image|containers|initContainers|spec|template|env|args|volumes)["']?\s{0,9}:(?=[\s"'[{])/g
/** Beyond this a line is data. */
const MAX_LINE = 4096
/** So many are told of one document. */
const MAX_FLOW = 20

/**
 * The keys that stand twice in a map of a YAML or JSON text, where each has a line of its own, and in flow style those that
 * lead to images. Lines tell which may, in one pass; the reader has the last word, and is asked only where there is one.
 */
export function duplicateKeysIn(source: string): DuplicateKey[] {
  const lines = source.split('\n')
  const found = suspectsIn(lines)
  const known = new Set(found.map(({ key, line }) => `${key}:${line}`))
  if (FLOW.test(source)) found.push(...flowSuspects(source).filter(({ key, line }) => !known.has(`${key}:${line}`)))
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

function flowSuspects(source: string): DuplicateKey[] {
  const found: DuplicateKey[] = []
  const maps: Map<string, number>[] = []
  for (const { 0: sign, 1: key, index } of source.matchAll(FLOW_SIGN)) {
    if (sign === '{') maps.push(new Map())
    else if (sign === '}') maps.pop()
    const keys = maps.at(-1)
    if (key === undefined || keys === undefined) continue
    const first = keys.get(key)
    keys.set(key, index)
    if (first === undefined || found.length >= MAX_FLOW) continue
    const lineOf = (at: number) => source.slice(0, at).split('\n').length - 1
    const [firstLine, line] = [lineOf(first), lineOf(index)]
    found.push({ key, line, firstLine, lost: source.slice(first, index) })
  }
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
