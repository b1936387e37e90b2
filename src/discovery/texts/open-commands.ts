import { readKey } from '../classify/key.ts'
import { hasPlaceholder, maskPlaceholders, placeholderNames } from '../classify/placeholders.ts'
import { type CommandImage, imagesInCommand, isImage, WAYS, type Way, wordsOf } from './command-lines.ts'

/** `$IMAGE`, `$1`, `$(cat images)`: what only stands for a word. */
const STANDS_FOR = /^\$(?:\d|[@*]|\{\d\}|\(|`)/
/** What these make or run is told by other words than images: `docker network create $NET`, `docker compose run $SERVICE`. */
const OTHER_NOUN =
  /\b(?:network|volume|compose|secret|config|service|context|buildx|builder|machine|swarm|pod|namespaces?|snapshots?|leases?|content|tasks?)\s/
/** Flags that take no value. */
const SWITCH =
  /^-[ditqaPf]+$|^--(?:detach|interactive|tty|rm|privileged|init|quiet|all|read-only|no-trunc|publish-all|force|replace|all-platforms|all-tags|insecure-registry|insecure|remove-signatures|disable-content-trust|plain-http|local|k8s)$/
const FLAG = /(?<=^|[\s"'[,=])--?([A-Za-z][\w.-]*)(?:=|\s+)["']?([^\s"']*\$[^\s"']*)/g
const MAX_OPEN = 512

/** The images that a command of a script is handed and that are known only in part, or not at all: `docker run $IMAGE`. */
export function openImagesInCommand(line: string): CommandImage[] {
  if (!line.includes('$') && !hasPlaceholder(line)) return []
  const {
    masked: [masked = ''],
    unmask,
  } = maskPlaceholders([line])
  const found = openIn(masked, unmask)
  const flags = Array.from(line.matchAll(FLAG), ([, flag = '', value = '']) => ({ reference: value, program: flag }))
  const passed = flags.filter(({ program, reference }) => readKey(program).role === 'image' && isOpen(reference))
  return [...found, ...passed].filter(({ reference }) => reference.length <= MAX_OPEN)
}

function openIn(masked: string, unmask: (text: string) => string): CommandImage[] {
  for (const { pattern, takes } of WAYS) {
    const [before = '', program, rest] = pattern.exec(masked) ?? []
    if (!program || !rest || OTHER_NOUN.test(before.slice(0, before.length - rest.length))) continue
    const operands = operandsOf(joined(rest)).map((word) => unmask(word).replaceAll('\0', ' '))
    return opened(
      operands.map((word) => word.replace(/^docker:\/\//, '')),
      takes,
    ).map((reference) => ({ reference, program }))
  }
  const isOne = (word: string) => isImage(word) || unmask(word) !== word
  return imagesInCommand(masked, isOne)
    .map(({ reference, program }) => ({ reference: unmask(reference), program }))
    .filter(({ reference }) => isOpen(reference))
}

/** Of the words a program is handed those that are images; options that come as one variable stand before them. */
function opened(operands: readonly string[], takes: Way['takes']): string[] {
  const [first] = operands
  const isSure =
    first !== undefined &&
    (first.includes('/') || placeholderNames(first).some((name) => readKey(name).role === 'image'))
  if (takes === 'all') {
    const open = operands.filter((word) => isOpen(word) && !word.startsWith('-'))
    // What stands before images and may be options is none of them.
    return open.filter((word) => word !== first || isSure || !operands.slice(1).some(isImage))
  }
  if (first === undefined || !isOpen(first)) return []
  if (isSure) return [first]
  if (operands.slice(1).some(isImage)) return []
  return [
    operands.find((word) => isOpen(word) && placeholderNames(word).some((name) => readKey(name).ofImage)) ?? first,
  ]
}

/** What a command prints is one word: `$(cat images)`. */
function joined(text: string): string {
  return text.replace(/\$\([^()]*\)/g, (found) => found.replaceAll(' ', '\0'))
}

/** The words behind options; a value of an option goes with it, unless it can only be an image. */
function operandsOf(text: string): string[] {
  const words = wordsOf(text)
  const operands: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (!word.startsWith('-')) return [...operands, ...words.slice(index)]
    const next = words[index + 1]
    const isValue = !word.includes('=') && !SWITCH.test(word) && next !== undefined && index + 2 < words.length
    if (isValue && !isImage(next) && !next.startsWith('-')) index++
  }
  return operands
}

function isOpen(word: string): boolean {
  return STANDS_FOR.test(word) || (hasPlaceholder(word) && !/^\$\{?(?:PWD|HOME|TMPDIR)\b/.test(word))
}
