import { ExpectedError } from '../../errors.ts'
import { partialListProblem } from './partial-list.ts'
import type { Path } from './path.ts'
import { valueAt } from './path.ts'
import type { Positions } from './position.ts'
import { locateYaml, readYaml } from './yaml.ts'

/** One YAML or JSON document of a file. Lines count from 1 in the whole file. */
export interface Document {
  readonly form: 'manifest'
  readonly file: string
  readonly line: number
  readonly value: unknown
  /** As it stands in the file, from its `---` on. */
  readonly source: string
  /** No map of it has a key twice, as its reader saw. */
  readonly hasUniqueKeys?: boolean
  /** The line of the value at a path, or of the nearest parent that is there. */
  lineOf(path: Path): number
  /** The line on which a text of several lines begins: below its key in a block scalar, else where the text stands. */
  textLineOf(path: Path): number
}

/** A document that cannot be read; the others of its file can. */
export interface UnreadableDocument {
  readonly form: 'broken'
  readonly file: string
  readonly line: number
  readonly problem: string
  /** As it stands in the file, and the line on which that begins. */
  readonly source: string
  readonly firstLine: number
}

/** A part of a text that says nothing: only comments or directives, or what its reader need not know. */
export interface BlankDocument {
  readonly form: 'blank' | 'unneeded'
  readonly file: string
  readonly line: number
  readonly source: string
}

export type AnyDocument = Document | UnreadableDocument | BlankDocument

/**
 * The documents of a YAML or JSON text, one at a time. Each is parsed by itself, so that a broken one costs only
 * itself, and memory holds one at a time. Documents without content (only comments, or nothing) are left out.
 * `firstLine` is the line of the file at which the text begins.
 */
export function* readDocuments(text: string, file: string, firstLine = 1): Generator<Document | UnreadableDocument> {
  for (const document of readEveryDocument(text, file, firstLine)) {
    if (document.form === 'manifest' || document.form === 'broken') yield document
  }
}

/**
 * The documents of a text with those that say nothing, so that their sources together are the text. What is not needed
 * by its source is not even parsed.
 */
export function* readEveryDocument(
  text: string,
  file: string,
  firstLine = 1,
  isNeeded: (source: string) => boolean = () => true,
): Generator<AnyDocument> {
  for (const { source, line } of splitDocuments(text, firstLine)) {
    if (isNeeded(source)) yield readDocument(source, file, line) ?? { form: 'blank', file, line, source }
    else yield { form: 'unneeded', file, line, source }
  }
}

/**
 * All documents of a text that must be whole, such as a node list.
 *
 * @throws {ExpectedError} INPUT_INVALID, naming file and line.
 */
export function readAllDocuments(text: string, file: string): Document[] {
  return Array.from(readDocuments(text, file), wholeOf)
}

/** The document, which must be whole, whoever read it. @throws {ExpectedError} INPUT_INVALID, naming file and line. */
export function wholeOf(document: Document | UnreadableDocument): Document {
  const { file } = document
  if (document.form === 'broken')
    throw new ExpectedError('INPUT_INVALID', `${file}:${document.line}: ${document.problem}`)
  const partial = partialListProblem(document.value)
  if (partial !== undefined) throw new ExpectedError('INPUT_INVALID', `${file}: ${partial}`)
  return document
}

function readDocument(source: string, file: string, line: number): Document | UnreadableDocument | undefined {
  if (source === '\ufeff' || holdsOnlyDirectives(source)) return undefined
  try {
    const { value, hasUniqueKeys } = readYaml(source)
    if (value === undefined || value === null) return undefined
    const lineOf = lineFinder(source, value)
    const textLineIn = textLineFinder(source)
    const textLineOf = (path: Path): number => line + textLineIn(lineOf(path))
    const inFile = (path: Path): number => line + lineOf(path)
    return { form: 'manifest', file, line, value, source, hasUniqueKeys, lineOf: inFile, textLineOf }
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    const at = /^line (\d+): /.exec(error.message)
    const problem = at ? error.message.slice(at[0].length) : error.message
    return { form: 'broken', file, line: line + Number(at?.[1] ?? 0), problem, source, firstLine: line }
  }
}

/**
 * Answers with the line of the value at a path, from 0. Parsing again with positions costs as much as the scan of the
 * document, so a text that stands in the source once, as a whole word and in no comment, is simply looked for. With
 * anchors that could be the anchor's place, and is not done.
 */
function lineFinder(source: string, root: unknown): (path: Path) => number {
  const hasAnchors = source.includes('&')
  let positions: Positions | undefined
  let searches = 0
  let known = { at: 0, line: 0 }
  return (path) => {
    const maySearch = !hasAnchors && !positions && searches++ < MAX_SEARCHES
    const value = maySearch ? valueAt(root, path) : undefined
    const at = typeof value === 'string' ? onlyPlaceOf(value, source) : undefined
    if (at !== undefined) {
      // What is asked for one after the other mostly stands so.
      if (at < known.at) known = { at: 0, line: 0 }
      known = { at, line: known.line + countLines(source, known.at, at) }
      return known.line
    }
    positions ??= locateYaml(source)
    return positions.lineOf(path)
  }
}

const MIN_UNIQUE_LENGTH = 6
/** Each search reads the whole source; with more of them than this, parsing again is the faster way. */
const MAX_SEARCHES = 8

function onlyPlaceOf(text: string, source: string): number | undefined {
  if (text.length < MIN_UNIQUE_LENGTH || !/^[\w./:@-]+$/.test(text)) return undefined
  const at = source.indexOf(text)
  if (at < 0 || source.indexOf(text, at + 1) >= 0) return undefined
  const before = source.slice(source.lastIndexOf('\n', at) + 1, at)
  const after = source[at + text.length] ?? '\n'
  return /[\s"'[]$/.test(before) && !before.includes('#') && /[\s"',\]}]/.test(after) ? at : undefined
}

/** Answers with the line after one that ends in `|` or `>` with its indicators, which is where a block scalar begins. */
function textLineFinder(source: string): (line: number) => number {
  const known = new Map<number, number>()
  let lines: readonly string[] | undefined
  return (line) => {
    lines ??= source.split('\n')
    // All of a JSON document may stand on one line.
    const begins = known.get(line) ?? (BLOCK_SCALAR.test(lines[line] ?? '') ? line + 1 : line)
    known.set(line, begins)
    return begins
  }
}

const BLOCK_SCALAR = /[|>][-+0-9]{0,3}[ \t]{0,99}(?:#.*)?\r?$/

/** `%YAML 1.2` and its like stand before the mark of the document that they belong to, so a cut leaves them alone. */
function holdsOnlyDirectives(source: string): boolean {
  return source.startsWith('%') && source.split('\n').every((line) => /^(?:[%#]|\s*$)/.test(line))
}

/**
 * Cuts at lines that start with `---`. Inside a block scalar such a line cannot stand at column 0, so this is exact.
 * JSON documents may also follow one another without a mark (`kubectl` reads that): there a cut is between `}` and `{`.
 */
function* splitDocuments(text: string, firstLine: number): Generator<{ source: string; line: number }> {
  const isJson = /^\ufeff?\s*\{/.test(text)
  const marker = isJson ? /^---(?=[ \t\r\n]|$)|^\{(?<=\}\s*\n\{)/gm : /^---(?=[ \t\r\n]|$)/gm
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let line = firstLine
  if (start > 0) yield { source: text.slice(0, start), line }
  for (let match = marker.exec(text); match; match = marker.exec(text)) {
    if (match.index === start) continue
    yield { source: text.slice(start, match.index), line }
    line += countLines(text, start, match.index)
    start = match.index
  }
  yield { source: text.slice(start), line }
}

/** How many lines end between two offsets. */
export function countLines(text: string, from = 0, to = text.length): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++
  return count
}
