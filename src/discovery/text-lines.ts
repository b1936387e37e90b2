import { judge } from './candidate.ts'
import type { Confidence } from './image-use.ts'
import { type Key, readKey } from './key.ts'

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
/** `image: ref`, `"image": "ref",`, `IMAGE=ref`, `3.9.0=ref`, alone on its line. */
const ASSIGNMENT =
  /^\s*(?:-\s+)?(?:export\s+)?["']?([\w][\w./-]*)(?:["']?\s*=|["']\s*:|\s*:\s)\s*["']?([^\s"',;{}()<>`|\\]+)["']?\s*[,;]?\s*(?:#.*)?$/
/** A reference alone on its line: an entry of a list. */
const ALONE = /^\s*(?:-\s+)?["']?(\w[\w.-]*(?::\d+)?\/[\w./:@-]+)["']?,?\s*(?:#.*)?$/
/** `--image=ref` and `--image ref` anywhere in a line. */
const FLAG = /(?<=^|[\s"'[,])--?([A-Za-z][\w.-]*)(?:=|\s+)["']?([^\s"',;{}()<>`|\\-][^\s"',;{}()<>`|\\]*)/g

/** Beyond this a line is data, not something that a person wrote. */
const MAX_LINE = 4096

/**
 * The images that lines of a text assign, or pass as flags. `outer` is what the text itself is called. In a script a
 * name has to say that it is an image: other variables hold what it makes and compares.
 */
export function imagesInLines(text: string, outer: Key, { isScript = false } = {}): LineImage[] {
  const found: LineImage[] = []
  const ofImages = outer.role === 'images' || outer.role === 'image'
  text.split('\n').forEach((content, line) => {
    if (content.length > MAX_LINE || COMMENT.test(content)) return
    const alone = ofImages ? ALONE.exec(content)?.[1] : undefined
    for (const [name, value] of alone ? [['', alone] as const] : assignmentsOf(content)) {
      const own = readKey(name)
      const key = own.role === 'other' && ofImages ? outer : own
      const image = judge(key, value, { isLoose: true })
      if (!image) continue
      found.push({ ...image, name, line, confidence: isScript && key.role === 'other' ? 'possible' : image.confidence })
    }
  })
  return found
}

function assignmentsOf(line: string): [name: string, value: string][] {
  const [, name, value] = ASSIGNMENT.exec(line) ?? []
  if (name && value) return [[name, value]]
  return Array.from(line.matchAll(FLAG), ([, flag = '', argument = '']) => [flag, argument])
}
