import { readKey } from '../../classify/key.ts'
import { hasExpansion, hasPlaceholder, maskPlaceholders, placeholderNames } from '../../classify/placeholders.ts'
import { isOfficial, isOfficialWord, likelihoodOf } from '../../classify/reference-likelihood.ts'
import { formOfFlag } from './programs/flags.ts'
import { WAYS, type Way } from './programs/ways.ts'
import { bracesOf, wordsOf } from './shell-words.ts'

/** An image that a command hands to a program, and the program. */
export interface HandedImage {
  readonly reference: string
  readonly program: string
  /** Known only in part, or not at all: `docker run $IMAGE`. */
  readonly isOpen: boolean
}

/** `$IMAGE`, `$1`, `$(cat images)`: what only stands for a word. */
const STANDS_FOR = /^\$(?:\d|[@*]|\{\d\}|\()/
/** What these make or run is told by other words than images: `docker network create $NET`, `docker compose run $SERVICE`. */
const OTHER_NOUN =
  /\b(?:network|volume|compose|secret|config|context|buildx|builder|machine|swarm|pod|namespaces?|snapshots?|leases?|content|tasks?)\s/
/** `$DOCKER run`, `$(CONTAINER_ENGINE) pull`: a program that is chosen elsewhere. */
const PROGRAM_VARIABLE =
  /["']?\$[({]?\w{0,40}(?:docker|podman|nerdctl|ctr|crictl|engine|runtime|container_tool|container_cli|oci_bin)\w{0,40}(?::-\w{1,20})?[)}]?["']?(?=\s)/gi
/** Before a program that is really run, and not only spoken of. */
const BEGINNING =
  /^[\s"'`([{@-]*(?:(?:[a-z]{1,12}|RUN|CMD|ExecStart(?:Pre)?=-?|-\S{1,40}|\w{1,60}=\S{0,200})\s+){0,6}["'(]?(?:\/?[\w.-]{1,40}\/){0,6}$/

const MAX_OPEN = 512

/** What a command hands to a program that runs, pulls, copies or saves images, in the order of its words. */
export function handedImages(line: string): HandedImage[] {
  const named = line.includes('$') ? line.replace(PROGRAM_VARIABLE, 'docker') : line
  const isOpen = /[$`]/.test(named) || hasPlaceholder(named)
  const { masked, unmask } = isOpen ? maskPlaceholders([named]) : { masked: [named], unmask: (text: string) => text }
  const [text = ''] = masked
  for (const way of WAYS) {
    const found = way.pattern.exec(text)
    const [whole = '', program, rest] = found ?? []
    if (!found || !program || !rest) continue
    const isOther = way.doing !== 'index' && OTHER_NOUN.test(whole.slice(0, whole.length - rest.length))
    const isRun = BEGINNING.test(text.slice(0, found.index))
    return chosen(operandsOf(rest, way), way, isRun, unmask)
      .map(({ word, kind }) => ({ reference: word, program, isOpen: kind === 'open' }))
      .filter(({ isOpen, reference }) => !isOpen || (!isOther && reference.length <= MAX_OPEN))
  }
  return []
}

interface Operand {
  readonly word: string
  /** Whether it may be the value of a flag that nobody here knows. */
  readonly isUnsure: boolean
}

/** The words behind a verb that are no flags and no values of flags; of what is run those behind the first are its own. */
function operandsOf(rest: string, { takes, takesTransports, doing = 'move' }: Way): Operand[] {
  const operands: Operand[] = []
  const words = wordsOf(rest).flatMap((word) => bracesOf(word))
  if (takesTransports) {
    const image = words.find((word) => TRANSPORT.test(word))
    // `docker://registry#repository:1`
    return image === undefined ? [] : [{ word: image.replace('#', '/'), isUnsure: false }]
  }
  let isBehind = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (isBehind || !word.startsWith('-') || word === '-') {
      operands.push({ word, isUnsure: false })
      isBehind ||= takes === 'first'
      continue
    }
    const form = formOfFlag(word, doing)
    const next = words[at + 1]
    if (form === 'alone' || next === undefined || next.startsWith('-')) continue
    if (form === 'unknown') operands.push({ word: next, isUnsure: true })
    at++
  }
  return operands
}

type Kind = 'literal' | 'open' | 'weak' | 'other'

interface Word extends Operand {
  readonly kind: Kind
  /** Its text or the name of its variable says that it is an image. */
  readonly saysImage: boolean
}

function chosen(operands: readonly Operand[], way: Way, mayBeWeak: boolean, unmask: Unmask): Word[] {
  const words = operands.map((operand) => wordOf(operand, unmask))
  const first = words.find(({ isUnsure }) => !isUnsure)
  const behind = first === undefined ? [] : words.slice(words.indexOf(first) + 1)
  // What stands before images and says nothing of one are options.
  const isOptions =
    first?.kind === 'open' && !first.saysImage && behind.some(({ kind, saysImage }) => kind === 'literal' || saysImage)
  const taken = way.takes === 'all' ? words : words.slice(0, words.length - behind.length)
  const candidates = isOptions ? taken.filter((word) => word !== first) : taken
  const found = candidates.filter(({ kind }) => kind === 'literal' || kind === 'open')
  const sure = found.filter(({ isUnsure, kind, saysImage }) => !isUnsure || kind === 'literal' || saysImage)
  if (way.takes === 'all') {
    const weak = candidates.filter(({ kind, isUnsure }) => kind === 'weak' && !isUnsure && mayBeWeak)
    const all = [...(sure.length > 0 ? sure : found), ...(way.takesWords ? weak : [])]
    return words.filter((word) => all.includes(word))
  }
  if (found.length > 0) return sure.length > 0 ? sure : found
  if (isOptions) return behind.filter(({ kind, saysImage }) => kind === 'literal' || saysImage).slice(0, 1)
  // Where only one word can be the image it need not look much like one.
  const weak = candidates.filter(({ kind }) => kind === 'weak' && mayBeWeak)
  const definite = weak.filter(({ isUnsure }) => !isUnsure)
  if (weak.length > 0) return definite.length > 0 ? definite : weak
  return way.isMoved ? [] : behind.filter(({ kind }) => kind === 'literal').slice(0, 1)
}

type Unmask = (text: string) => string

function wordOf({ word, isUnsure }: Operand, unmask: Unmask): Word {
  const text = unmask(word).replace(TRANSPORT, '')
  const isMasked = unmask(word) !== word || text.startsWith('$') || IN_BRACES.test(text)
  const saysImage = isMasked
    ? text.includes('/') || placeholderNames(text).some((name) => readKey(name).ofImage)
    : isImage(text)
  return { word: text, isUnsure, saysImage, kind: kindOf(text, word, isMasked) }
}

function kindOf(text: string, word: string, isMasked: boolean): Kind {
  if (isMasked) return isOpenText(text) ? 'open' : 'other'
  if (isImage(text)) return 'literal'
  const isNamed = word !== text && likelihoodOf(text) !== 'none'
  return isNamed || isOfficialWord(text) || (text.includes('/') && likelihoodOf(text) === 'weak') ? 'weak' : 'other'
}

/** Words that are too many to be told one by one. */
const IN_BRACES = /\/[^{}]{0,400}\{[^{},]{0,200},/

const TRANSPORT = /^(?:docker|oras):\/\//

/** Whether a value is still to be put in the place of a text, or of a part of it. */
export function isOpenText(text: string): boolean {
  return (
    STANDS_FOR.test(text) ||
    hasExpansion(text) ||
    IN_BRACES.test(text) ||
    (hasPlaceholder(text) && !/^\$\{?(?:PWD|HOME|TMPDIR)\b/.test(text))
  )
}

/** Also `redis:7`: what is handed to such a program need only look a little like one. */
export function isImage(word: string): boolean {
  const likelihood = likelihoodOf(word)
  return likelihood === 'strong' || likelihood === 'medium' || (likelihood === 'weak' && isOfficial(word))
}
