import { type Key, type KeyRole, readKey } from '../classify/key.ts'
import { hasPlaceholder } from '../classify/placeholders.ts'
import { hasVersion } from '../classify/reference-likelihood.ts'
import { standingReferences } from '../classify/standing-references.ts'
import { compose } from '../compose/compose-reference.ts'
import { judge } from '../uses/image-candidate.ts'
import type { Confidence } from '../uses/image-use.ts'
import { assignmentsOf, isCommanded, type LineAssignment, openImagesIn } from './line-assignments.ts'
import { mayListInFile } from './shell/listed-files.ts'
import { lineOf, logicalLines } from './shell/logical-lines.ts'
import { readLists } from './shell/read-lists.ts'
import { commandsIn } from './shell/shell-commands.ts'
import { shellWords } from './shell/shell-lists.ts'
import { ShellVariables } from './shell/shell-variables.ts'
import { madeIn, standingOpenIn } from './standing-open.ts'
import { isXml, textsInXml } from './xml-elements.ts'

/** An image named in a text that is no YAML or JSON: a template, a script, properties. */
interface LineImage {
  readonly reference: string
  readonly confidence: Confidence
  /** The name that it is assigned to. */
  readonly name: string
  /** Lines from the start of the text. */
  readonly line: number
}

const COMMENT = /^\s*(?:#|\/\/|;)/
/** A reference alone on its line: an entry of a list. */
const ALONE = /^\s*(?:-\s+)?["']?(\w[\w.-]*(?::\d+)?\/[\w./:@-]+)["']?,?\s*(?:#.*)?$/
/** A section of TOML or INI. */
const SECTION = /^\s*\[+\s*([\w.-]{1,99})\s*\]+\s*$/
/** An empty line, and one that begins or ends a block of another language. */
const EDGE = /^\s*$|[{[(:]\s*$|^\s*[}\])]|<<[-~]?["']?\w+["']?\s*$/
/** Each of several on a line has a version, so that it is no word of a sentence. */
const WORD_ALONE = /^["']?\w[\w.-]*(?::\d+)?\/[\w./-]+[:@][\w:.-]+["']?$/

/** Beyond this a line is data, not something that a person wrote. */
const MAX_LINE = 4096
/** Beyond this a text is no list of settings. */
const MAX_PARTS = 1000
const PARTS: ReadonlySet<KeyRole> = new Set(['image', 'repository', 'registry', 'tag', 'version', 'digest'])

/**
 * The images that lines of a text assign, or pass as flags. `outer` is what the text itself is called. In a script a
 * name has to say that it is an image: other variables hold what it makes and compares.
 */
export function imagesInLines(text: string, outer: Key, { isScript = false, isProgram = false } = {}): LineImage[] {
  const ofImages = outer.role === 'images' || outer.role === 'image'
  const assignments = assignmentsIn(text, ofImages)
  const { composed, taken } = composeAssignments(assignments)
  const single = assignments.flatMap((assignment): LineImage[] => {
    if (taken.has(assignment)) return []
    const { name, value, line } = assignment
    const own = isCommanded(name) ? IMAGE : readKey(name)
    const key = own.role === 'other' && ofImages ? outer : own
    const image = judge(key, value, { isLoose: true })
    if (!image) return []
    const isPossible = assignment.isPossible || (isScript && key.role === 'other')
    return [{ ...image, name, line, confidence: isPossible ? 'possible' : image.confidence }]
  })
  const known = [...composed, ...single]
  // A program also says what it makes, pushes and compares.
  if (isProgram)
    return [...known, ...standingIn(text, known).map((one) => ({ ...one, confidence: 'possible' as const }))]
  if (!isScript) return [...known, ...standingIn(text, known)]
  const made = madeIn(text)
  const isMade = ({ reference, confidence, name }: LineImage) =>
    made.has(reference) && (confidence === 'possible' || /^t(?:ag)?$/.test(name))
  const said = known.filter((one) => !isMade(one))
  const others = new Set([...known.map(({ reference }) => reference), ...made])
  const standing = standingIn(text, known).filter(({ reference }) => !others.has(reference))
  return [...said, ...standing.map((one) => ({ ...one, confidence: 'possible' as const }))]
}

/** What stands in lines that set nothing to one image: lists of them, and settings with several. */
function standingIn(text: string, known: readonly LineImage[]): LineImage[] {
  const lines = new Set(known.map(({ line }) => line))
  return standingReferences(text, (line) => lines.has(line)).map(({ reference, name, line, isListed }) => {
    return { reference, confidence: isListed ? 'likely' : 'possible', name, line }
  })
}

/** What a program is handed is an image, however little it looks like one. */
const IMAGE: Key = { role: 'image', stem: '', ofImage: true }

interface Assignment extends LineAssignment {
  readonly line: number
  /** Which of the sections of the text, or of its runs of lines without an empty one, it stands in. */
  readonly block?: number
}

function assignmentsIn(text: string, ofImages: boolean): Assignment[] {
  if (isXml(text)) return partsInXml(text)
  let [section, block] = ['', 0]
  const assignments = logicalLines(text).flatMap((logical) => {
    const { content } = logical
    if (COMMENT.test(content)) return []
    const begun = SECTION.exec(content)?.[1]
    section = begun ?? section
    if (begun !== undefined || (section === '' && EDGE.test(content))) block++
    const alone = ofImages && content.length <= MAX_LINE ? wordsAlone(content) : []
    if (alone.length > 0) return alone.map((value) => ({ name: '', value, line: lineOf(logical, value) }))
    const assigned = assignmentsOf(content).map((one) => ({ ...one, line: lineOf(logical, one.value), block }))
    // `[web.image]` with `repository = …` below.
    return /image/i.test(section) ? assigned.map((one) => ({ ...one, name: `${section}.${one.name}` })) : assigned
  })
  return [...assignments, ...shellWords(text)]
}

/** Elements that are parts of one image stand together, each name once. */
function partsInXml(text: string): Assignment[] {
  const parts = textsInXml(text).filter(({ name }) => XML_PARTS.has(readKey(name).role))
  const seen = new Set<string>()
  let block = 0
  return parts.flatMap((part) => {
    if (seen.has(part.name)) {
      seen.clear()
      block++
    }
    seen.add(part.name)
    return { ...part, block }
  })
}
const XML_PARTS: ReadonlySet<KeyRole> = new Set(['image', 'repository', 'registry', 'tag', 'digest'])

/** A line of a list: one reference, or several. */
function wordsAlone(content: string): string[] {
  const alone = ALONE.exec(content)?.[1]
  if (alone !== undefined) return [alone]
  const words = content.trim().split(/[\s,;]+/)
  return words.length > 1 && words.every((word) => WORD_ALONE.test(word)) ? words : []
}

/**
 * What lines of a template or script set an image to, or hand to a program, where values are still to be put in. Those
 * that a script itself assigns above are in it.
 */
export function openImagesInLines(text: string, { isScript = false } = {}): Assignment[] {
  if (
    !/[$`]|\{[^{}\n]{0,200},|xargs|=\s{0,9}(?:var|local|module|each|data)\./.test(text) &&
    !hasPlaceholder(text) &&
    !mayListInFile(text)
  )
    return []
  const variables = new ShellVariables()
  const lists = readLists(text)
  const standing: Assignment[] = []
  const told = logicalLines(text).flatMap((logical) => {
    const { content } = logical
    if (COMMENT.test(content)) return []
    const commands = commandsIn(content)
    const list = lists.get(logical.line)
    if (commands.length === 0) variables.follow(content)
    const seen = new Set<string>()
    let isFirst = true
    const found = commands.flatMap(({ text, isInner }) => {
      const found = openImagesIn(text, { isScript, isWhole: commands.length === 1 })
      const filled = found.flatMap(({ name, value }) => {
        const line = lineOf(logical, value)
        return variables.textsOf(value).map((one) => ({ name, value: one, line }))
      })
      // What another command of the line assigns may not always be assigned.
      if (!isInner) variables.follow(isFirst ? text : ` ${text}`, list)
      isFirst &&= isInner
      return filled.filter(({ value }) => seen.size < seen.add(value).size)
    })
    for (const word of isScript ? standingOpenIn(content) : []) {
      const line = lineOf(logical, word)
      standing.push(...variables.textsOf(word).map((value) => ({ name: word, value, line, isPossible: true })))
    }
    return found
  })
  if (standing.length === 0) return told
  const known = new Set([...told.map(({ value }) => value), ...madeIn(text)])
  return [...told, ...standing.filter(({ name, value }) => !known.has(name) && known.size < known.add(value).size)]
}

/** Images without the words of lists that commands put something before: `for i in $IMAGES; do docker pull $R/$i; done`. */
export function withoutEnds(images: readonly LineImage[], open: readonly Assignment[]): readonly LineImage[] {
  const ends = new Set(
    open.flatMap(({ value }) => value.split('/').map((_, at, parts) => parts.slice(at + 1).join('/'))),
  )
  for (const { value } of open) ends.delete(value)
  const isListed = (name: string) => readKey(name).role === 'images' || name.endsWith(' a loop')
  return images.filter(({ reference, name }) => !(ends.has(reference) && isListed(name)))
}

/**
 * `web.image.repository=…` and `web.image.tag=…`. Names that have no beginning of their own (`repository`, `image.tag`)
 * belong to others of their section.
 */
function composeAssignments(assignments: readonly Assignment[]): { composed: LineImage[]; taken: Set<Assignment> } {
  const parts = assignments.filter(({ name, block }) => PARTS.has(readKey(name).role) && (block ?? stemOf(name)) !== '')
  if (parts.length > MAX_PARTS) return { composed: [], taken: new Set() }
  const entries = parts.map(({ name, value, line, block }) => {
    const isBare = stemOf(name) === ''
    return { name: isBare ? `block${block}.${name}` : name, text: value, path: [line], ...(isBare && { called: name }) }
  })
  const whole = compose(entries).found.filter(({ reference, isSure }) => isSure && hasVersion(reference))
  const composed = whole.map(({ reference, path, from }): LineImage => {
    const names = from.map(({ name, called = name }) => called)
    return { reference, confidence: 'likely', name: names.join(' + '), line: Number(path[0]) }
  })
  const lines = new Set(
    whole.flatMap(({ from }) => from.map(({ name, called = name, path }) => `${called}\n${path[0]}`)),
  )
  return { composed, taken: new Set(parts.filter(({ name, line }) => lines.has(`${name}\n${line}`))) }
}

function stemOf(name: string): string {
  return readKey(name).stem
}
