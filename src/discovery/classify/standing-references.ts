import { readKey } from './key.ts'
import { hasVersion, likelihoodOf } from './reference-likelihood.ts'

/** A reference that stands among other words of a text, and what those words say of it. */
export interface StandingReference {
  readonly reference: string
  /** The setting that it is a part of; empty where there is none. */
  readonly name: string
  /** Lines from the start of the text. */
  readonly line: number
  /** The text is a list of such, or the setting is one of images. */
  readonly isListed: boolean
}

/** Beyond this a line is data, not something that a person wrote. */
const MAX_LINE = 4096
const COMMENT = /^\s*(?:#|\/\/|;)/
/** What stands between the values of a list, in TOML, INI, properties and the like. */
const SEPARATOR = /[\s"'`,;()[\]{}<>=|#\\]+/
/** `images = [`, `image x;`, `"images": [` */
const SETTING = /^\s*["']?([A-Za-z][\w.-]{0,99})["']?(?:\s*=|\s*:(?=[\s[{"']|$)|\s)/
/** A line that only goes on with what began above. */
const GOES_ON = /^\s*(?:["'[\]{}),]|\S+[\\,]?\s*$)/

/**
 * The references with registry and version, which nothing else looks like, in those lines of a text of which nothing is
 * known: `isKnown` says which line needs no look.
 */
export function standingReferences(text: string, isKnown: (line: number) => boolean): StandingReference[] {
  if (!text.includes('/')) return []
  const lines = text.split('\n')
  const found: StandingReference[] = []
  let setting = ''
  let isList = true
  for (const [line, content] of lines.entries()) {
    if (COMMENT.test(content) || content.trim() === '') continue
    const name = SETTING.exec(content)?.[1]
    if (name !== undefined && !name.includes('/')) setting = name
    else if (!GOES_ON.test(content)) setting = ''
    const references = isKnown(line) ? [] : referencesIn(content)
    isList &&= references.length > 0 && references.length === wordsOf(content).length
    const isOfImages = /^images?$/.test(readKey(setting).role)
    found.push(...references.map((reference) => ({ reference, name: setting, line, isListed: isOfImages })))
  }
  return isList ? found.map((one) => ({ ...one, name: '', isListed: true })) : found
}

function referencesIn(content: string): string[] {
  if (content.length > MAX_LINE || !content.includes('/') || !/[:@]|[\w-]\s*[\s,|]\s*["']?v?\d/.test(content)) return []
  const words = wordsOf(content)
  return words.flatMap((word, index) => {
    if (!word.includes('/')) return []
    if (likelihoodOf(word) === 'strong') return word
    // A column of names, and one of versions.
    const version = words[index + 1] ?? ''
    const whole = `${word}:${version}`
    return VERSION.test(version) && !hasVersion(word) && likelihoodOf(whole) === 'strong' ? whole : []
  })
}
const VERSION = /^v?\d+(?:\.\d[\w.-]*)?$/

/** The words of a line, without the dash of an entry. */
function wordsOf(content: string): string[] {
  return content.split(SEPARATOR).filter((word) => word !== '' && word !== '-')
}
