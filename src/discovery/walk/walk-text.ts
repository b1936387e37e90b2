import type { Path } from '../../kubernetes/documents/path.ts'
import { type Key, readKey } from '../classify/key.ts'
import { hasPlaceholder, isReferred, isUnfinished, maskPlaceholders } from '../classify/placeholders.ts'
import { quotedImages } from '../classify/quoted-images.ts'
import { hasVersion, likelihoodOf } from '../classify/reference-likelihood.ts'
import { decodeDataUrl } from '../encoded/encoded-text.ts'
import { mayEmbed, readEmbedded, SCRIPT } from '../texts/embedded.ts'
import { hereDocuments } from '../texts/here-documents.ts'
import { isCommandLine } from '../texts/line-assignments.ts'
import { withShellCalls } from '../texts/program-calls.ts'
import { installsInText } from '../texts/shell/installs.ts'
import { openImagesInCommand } from '../texts/shell/open-commands.ts'
import { withPrograms } from '../texts/shell/programs/named-programs.ts'
import { templateDocuments } from '../texts/template-documents.ts'
import { hollowImagesIn } from '../texts/templates.ts'
import { imagesInLines, openImagesInLines, withoutEnds } from '../texts/text-lines.ts'
import { judge } from '../uses/image-candidate.ts'
import type { Layer } from '../uses/image-use.ts'
import { visitEncoded } from './walk-held.ts'
import { add, type Found, IMAGE, OTHER, type Place, type Walk } from './walk-state.ts'

/** Finds the candidates of a value that stands as text; handed in because walking and reading texts need each other. */
export type FindInside = (
  value: unknown,
  place: Place,
  name: string,
) => Pick<Found, 'candidates' | 'unresolved' | 'elsewhere'>

const MAX_TEXT_DEPTH = 3
/** Prose: what it mentions is not what runs. Expressions and patterns compare. */
const PROSE: ReadonlySet<string> = new Set(
  'description displayName documentation notes message summary readme title base64data pattern regex glob globs expr _example'.split(
    ' ',
  ),
)
/** What a text of another language than the shell's is called. */
export const PROGRAM = 'program'
/** Keys whose texts are programs, which also say what they make and compare. */
const SCRIPTS: ReadonlySet<string> = new Set(['script', 'source', 'run', PROGRAM])
/** Beyond this a text is no reference. */
const MAX_OPEN = 512
/** Beyond this a text is data. */
const MAX_PROGRAM = 1_000_000
const LIST_SEPARATOR = /[\s,;|]+/
/** Without a sign that images, commands, and texts inside a text have; no reference begins with a slash. */
const WORD = /^(?:[\w.-]*|\/[\w./-]*)$/
const ASSIGNMENT = /^([\w.-]+)=(?=\w)(.+)$/s

/** Whether a text can be told at a glance to be no image, nor anything that holds one: a word or an absolute path, under a key that expects none. */
export function isWord(text: string, { role }: Key, { outer }: Place): boolean {
  return role === 'other' && !outer.ofImage && WORD.test(text)
}

/** Reads a text of a resource, whatever is in it. */
export function visitText(walk: Walk, text: string, name: string, place: Place, findInside: FindInside): void {
  if (text.length < 2 || PROSE.has(name) || isWord(text, readKey(name), place)) return
  if (text.startsWith('data:')) {
    visitEncoded(walk, decodeDataUrl(text), [], (decoded) => {
      if (!decoded.startsWith('data:')) visitText(walk, decoded, name, place, findInside)
    })
    return
  }
  const own = readKey(name)
  if (own.role === 'image' && isUnfinished(text)) {
    visitOpen(walk, text, own, place)
    return
  }
  if (mayEmbed(text, name)) {
    visitEmbedded(walk, text, name, place, findInside)
    return
  }
  // A name or repository without a version is only a part, which something completes.
  const isWhole = own.role === 'other' || hasVersion(text)
  const saysNothing = isWhole && (own.role === 'other' || own.role === 'name' || own.role === 'repository')
  const key = saysNothing && place.outer.ofImage ? place.outer : own
  // Outside image fields a reference has at least one of these.
  if (/\s/.test(text) && visitCommand(walk, text, name, place)) return
  visitInstalls(walk, text)
  if (/[\s"'<(]/.test(text)) visitQuoted(walk, text, name, place)
  if (key.role === 'other' && !/[/:@]/.test(text)) return
  if (hasPlaceholder(text)) visitOpen(walk, text, key, place)
  else if (own.role === 'repository' && place.outer.ofImage && !hasVersion(text) && likelihoodOf(text) === 'medium') {
    // Its tag is empty or left out: a chart or a program puts one there.
    add(walk, place, { reference: text, confidence: 'possible', why: whyOf(place.layer, name) })
  } else visitWords(walk, text, name, key, place)
}

/** Commands of one line that are handed images, by name or in a variable; whether it is such a line. */
export function visitCommand(walk: Walk, text: string, name: string, place: Place): boolean {
  const open = openImagesInCommand(text)
  if (open.length === 0 && !isCommandLine(text)) return false
  visitLines(walk, text, name, place)
  return true
}

/** A text that is an image once its placeholders are filled in, if its key says so. */
export function visitOpen(walk: Walk, text: string, key: Key, place: Place): void {
  const isImage =
    key.role === 'image' ||
    (key.role === 'mention' && key.ofImage && text.includes('/') && hasVersion(text)) ||
    (key.role === 'other' && isPassed(place) && isOpenReference(text))
  const words = key.role === 'images' && !/\{\{|\[\[|<</.test(text) ? text.split(LIST_SEPARATOR) : [text]
  if (!isImage && key.role !== 'images') return
  for (const word of words) {
    if (hasPlaceholder(word) || isUnfinished(word))
      walk.open.push({ text: word, path: [...walk.path], textLine: undefined, place })
    else visitWords(walk, word, '', key, place)
  }
}

function isPassed({ layer }: Place): boolean {
  return layer === 'environment' || layer === 'argument'
}

/** `$(REGISTRY)/team/app:1.2`: what nothing but an image looks like once its variables have values. */
function isOpenReference(text: string): boolean {
  if (!/^[^\s$]*\$\([\w.-]+\)[^\s]*$/.test(text) || text.length > MAX_OPEN) return false
  const masked = maskPlaceholders([text]).masked[0] ?? ''
  return judge(OTHER, masked)?.confidence === 'likely'
}

/** A text of one line: one value, or several (`a=REF,b=REF`). */
export function visitWords(walk: Walk, text: string, name: string, key: Key, place: Place): void {
  const words = text.includes('/') || key.role === 'images' ? text.trim().split(LIST_SEPARATOR) : [text]
  const isLoose = walk.isLoose || place.isLoose || place.layer === 'argument' || words.length > 1
  for (const word of new Set(words)) {
    const [, inner, value] = ASSIGNMENT.exec(word) ?? []
    const image =
      inner && value
        ? judge(nearerOf(readKey(inner), key), value, { isLoose })
        : judge(key, words.length > 1 ? word : text, { isLoose })
    if (image) add(walk, place, { ...image, why: whyOf(place.layer, name, inner) })
  }
}

/** Charts and manifests that commands in a text bring from elsewhere. */
export function visitInstalls(walk: Walk, text: string): void {
  for (const { line, ...installed } of installsInText(text))
    walk.elsewhere.push({ ...installed, path: [...walk.path], ...(text.includes('\n') && { textLine: line }) })
}

/** A text that is read line by line: a script, a template. */
export function visitLines(walk: Walk, written: string, name: string, place: Place): void {
  const first = walk.found.length
  const isScript = SCRIPTS.has(name) || place.layer === 'argument' || SCRIPT.test(written)
  const text = isScript ? withPrograms(withShellCalls(written)) : written
  visitInstalls(walk, text)
  const named = new Set<string>()
  const open = openImagesInLines(text, { isScript })
  const images = imagesInLines(text, readKey(name), { isScript, isProgram: name === PROGRAM })
  for (const { reference, confidence, name: inner, line } of withoutEnds(images, open)) {
    if (confidence !== 'possible') named.add(reference)
    add(walk, place, { reference, confidence, textLine: line, why: whyOf(place.layer, name, inner) })
  }
  for (const { name: inner, value, line, isPossible } of open) {
    const image = isFilled(value) ? judgeFilled(value) : undefined
    if (image && named.has(image.reference)) continue
    const why = whyOf(place.layer, name, inner)
    const confidence = isPossible || !image ? 'possible' : image.confidence
    if (image) add(walk, place, { ...image, confidence, textLine: line, why })
    else walk.open.push({ text: value, path: [...walk.path], textLine: line, place })
  }
  const known = new Set(walk.found.slice(first).map(({ reference }) => reference))
  visitQuoted(walk, text, name, place, known)
}

/** What a program has in quotes behind a word for images may be one. */
function visitQuoted(walk: Walk, text: string, name: string, place: Place, known?: ReadonlySet<string>): void {
  if (text.length > MAX_PROGRAM) return
  for (const { reference, line } of quotedImages(text)) {
    const textLine = text.includes('\n') ? line : undefined
    const isNew = !known?.has(reference)
    if (isNew) add(walk, place, { reference, confidence: 'possible', textLine, why: whyOf(place.layer, name) })
  }
}

function visitEmbedded(walk: Walk, text: string, name: string, place: Place, findInside: FindInside): void {
  const values = walk.depth < MAX_TEXT_DEPTH ? readEmbedded(text) : []
  if (values.length === 0) {
    visitLines(walk, text, name, place)
    visitHeld(walk, text, name, place, findInside)
  }
  for (const { value, line } of values.length > 0 ? hollowImagesIn(text) : []) {
    walk.open.push({ text: value, path: [...walk.path], textLine: line, place })
  }
  const inner: Place = { ...place, layer: isPassed(place) ? place.layer : 'config' }
  const told = () =>
    walk.open.length + walk.unresolved.length + walk.found.filter(({ confidence }) => confidence !== 'possible').length
  const before = name === PROGRAM ? told() : 0
  for (const { value, lineOf } of values) {
    const { candidates, unresolved, elsewhere } = findInside(value, inner, name)
    // A text inside this text begins on the line after its key.
    const lineIn = ({ path, textLine }: { path: Path; textLine?: number | undefined }) =>
      lineOf(path) + (textLine === undefined ? 0 : textLine + 1)
    for (const candidate of candidates) {
      const why = `${candidate.why} in the text of ${name}`
      add(walk, place, { ...candidate, path: [...walk.path], textLine: lineIn(candidate), why })
    }
    for (const open of unresolved) walk.unresolved.push({ ...open, path: [...walk.path], textLine: lineIn(open) })
    for (const made of elsewhere) walk.elsewhere.push({ ...made, path: [...walk.path], textLine: lineIn(made) })
  }
  // Some languages only look like YAML: `{ image: registry + '/a:1' }`.
  if (values.length > 0 && name === PROGRAM && told() === before) visitLines(walk, text, name, place)
}

/** What resources install that a script or a template holds; the images in them are found by their lines. */
function visitHeld(walk: Walk, text: string, name: string, place: Place, findInside: FindInside): void {
  if (walk.depth >= MAX_TEXT_DEPTH) return
  const written = hereDocuments(text).map((held) => ({ ...held, unmask: (what: string) => what }))
  const documents = written.length > 0 ? written.filter((held) => mayEmbed(held.text, name)) : templateDocuments(text)
  for (const { text: held, line, unmask } of documents) {
    for (const { value, lineOf } of readEmbedded(held)) {
      for (const made of findInside(value, place, name).elsewhere) {
        const textLine = line + lineOf(made.path) + (made.textLine === undefined ? 0 : made.textLine + 1)
        walk.elsewhere.push({ ...made, what: unmask(made.what), path: [...walk.path], textLine })
      }
    }
  }
}

/** Nothing in it waits for a value. */
function isFilled(text: string): boolean {
  return !text.includes('$') && !isReferred(text) && !hasPlaceholder(text)
}

/** The image that a text with its placeholders filled in is. */
export function judgeFilled(filled: string): ReturnType<typeof judge> {
  return judge(IMAGE, filled)
}

/** In `--images=name=REF` and `IMAGES: 3.9.0=REF` the outer name says that it is an image, unless the inner one speaks. */
function nearerOf(inner: Key, outer: Key): Key {
  return inner.role === 'other' || inner.role === 'name' ? outer : inner
}

const NAMED_AS: Partial<Record<Layer, string>> = { argument: 'flag', environment: 'environment variable' }

function whyOf(layer: Layer, name: string, inner?: string): string {
  const what = NAMED_AS[layer] ?? 'key'
  if (name === '') return layer === 'argument' ? 'argument' : 'value'
  return inner && inner !== name ? `${what} ${name}, ${inner}` : `${what} ${name}`
}
