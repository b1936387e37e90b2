import { CONTAINER_LISTS, type PodImageGap, podImageGaps, podImages } from '../kubernetes/pod-images.ts'
import type { Path } from '../kubernetes/position.ts'
import { isObject } from '../kubernetes/resource.ts'
import { readArguments } from './arguments.ts'
import { type Candidate, judge } from './candidate.ts'
import { mayEmbed, readEmbedded } from './embedded.ts'
import { isExcludedAnnotation, isExcludedKey } from './exclusions.ts'
import type { Layer } from './image-use.ts'
import { type Key, readKey } from './key.ts'
import { compose, type Entry } from './parts.ts'
import { fillPlaceholders, hasPlaceholder, placeholderNames } from './placeholders.ts'
import { hasPodShape } from './pod-shape.ts'
import { imagesInLines } from './text-lines.ts'

/** What the way to a value says about it. */
interface Place {
  readonly layer: Layer
  readonly container: string | undefined
  /** What texts here are where their own key says nothing: `images: {web: …}`, `image: {name: …}`. */
  readonly outer: Key
}

interface WalkOptions {
  readonly apiVersion: string
  readonly layer: Layer
  /** What the value is called where it stands. */
  readonly name?: string
  /** In how many texts the value is embedded. */
  readonly depth?: number
  readonly container?: string | undefined
  /** What the API says is a pod spec, whatever its shape. */
  readonly podSpec?: unknown
}

interface Found {
  readonly candidates: readonly Candidate[]
  /** Containers without a usable image; in a custom resource only those that have something else there. */
  readonly gaps: readonly PodImageGap[]
}

const MAX_TEXT_DEPTH = 3
const OTHER: Key = { role: 'other', stem: '', ofImage: false }
const MENTION: Key = { role: 'mention', stem: '', ofImage: true }
const IMAGE: Key = { role: 'image', stem: '', ofImage: true }
const ARGUMENT_LISTS: ReadonlySet<string> = new Set([
  'args',
  'command',
  'extraArgs',
  'additionalArgs',
  'arguments',
  'cmd',
])
/** Prose: what it mentions is not what runs. Expressions and patterns compare. */
const PROSE: ReadonlySet<string> = new Set(
  'description displayName documentation notes message summary readme title base64data pattern regex expr _example'.split(
    ' ',
  ),
)
const VALUE_KEYS = ['value', 'default', 'defaultValue'] as const
const LIST_SEPARATOR = /[\s,;]+/
const ASSIGNMENT = /^([\w.-]+)=(?=\w)(.+)$/s

/** Everything in a value that names an image or may: pod specs, and what the keys and texts around tell. */
export function findCandidates(
  root: unknown,
  { apiVersion, layer, name = '', depth = 0, container, podSpec }: WalkOptions,
): Found {
  const found: Candidate[] = []
  const gaps: PodImageGap[] = []
  const path: (string | number)[] = []
  /** Containers and image volumes of pod specs: their images are read as the kubelet reads them. */
  const claimed = new Set<unknown>()
  const named = new Map<string, string>()
  // Values for a template (`image: proxyv2`) are completed elsewhere; a whole resource is not.
  const isLoose = depth > 0 && !(isObject(root) && typeof root.kind === 'string')
  const open: { text: string; path: Path; place: Place }[] = []

  const add = (
    place: Place,
    candidate: Pick<Candidate, 'reference' | 'confidence' | 'why'> & Partial<Candidate>,
  ): void => {
    found.push({
      path: [...path],
      textLine: undefined,
      policy: undefined,
      layer: place.layer,
      container: place.container,
      ...candidate,
    })
  }

  const visit = (value: unknown, name: string, place: Place): void => {
    if (typeof value === 'string') visitText(value, name, place)
    else if (Array.isArray(value)) visitList(value, name, place)
    else if (typeof value === 'object' && value !== null) visitMap(value as Record<string, unknown>, name, place)
  }

  const visitAt = (key: string | number, value: unknown, name: string, place: Place): void => {
    path.push(key)
    visit(value, name, place)
    path.pop()
  }

  const visitMap = (map: Record<string, unknown>, name: string, outer: Place): void => {
    const place = placeInMap(map, name, outer)
    if (map === podSpec || hasPodShape(map)) addPodImages(map, place)
    const isClaimed = claimed.has(map)
    const isImage = place.outer.ofImage
    const taken = isClaimed ? NOTHING : addCompositions(entriesOf(map), place, isImage)
    const pair = pairOf(map)
    if (pair) visitPair(pair, name, place)
    for (const key in map) {
      const value = map[key]
      if (value === null || (typeof value !== 'object' && typeof value !== 'string')) continue
      if (taken.has(key) || key === pair?.key || isExcludedKey(key, apiVersion)) continue
      if (isClaimed && key === 'image') continue
      if (key === 'metadata') visitAnnotations(value, place)
      else visitAt(key, value, key, place)
    }
  }

  const visitList = (list: readonly unknown[], name: string, place: Place): void => {
    if (ARGUMENT_LISTS.has(name)) {
      visitArguments(list, place)
      return
    }
    const inner = name === 'env' || name === 'envs' ? { ...place, layer: asEnvironment(place.layer) } : place
    const pairs = list.map((item) => (isObject(item) ? pairOf(item) : undefined))
    const entries = pairs.flatMap((pair, index): Entry[] =>
      pair ? [{ name: pair.name, text: pair.text, path: [index, pair.key] }] : [],
    )
    const taken = entries.length > 1 ? addCompositions(entries, inner, false) : NOTHING
    const key = readKey(name)
    list.forEach((item, index) => {
      const pair = pairs[index]
      if (pair && taken.has(pair.name)) named.set(pair.name, pair.text)
      else if (typeof item === 'string') visitAt(index, item, name, inner)
      else visitAt(index, item, key.role === 'images' ? 'image' : name, { ...inner, outer: OTHER })
    })
  }

  const visitArguments = (list: readonly unknown[], outer: Place): void => {
    const place: Place = { ...outer, layer: outer.layer === 'config' ? 'config' : 'argument' }
    for (const { flag, value, index } of readArguments(list)) {
      path.push(index)
      if (/\s/.test(value.trim())) visitLines(value, flag, place)
      else visitWords(value, flag, readKey(flag), place)
      path.pop()
    }
  }

  const visitPair = ({ name, key, text }: Pair, listName: string, place: Place): void => {
    named.set(name, text)
    const own = readKey(name)
    path.push(key)
    if (own.role === 'other' && readKey(listName).role === 'images') visitText(text, listName, place)
    else visitText(text, name, place)
    path.pop()
  }

  const visitAnnotations = (metadata: unknown, place: Place): void => {
    if (!isObject(metadata) || !isObject(metadata.annotations)) return
    path.push('metadata', 'annotations')
    for (const [key, value] of Object.entries(metadata.annotations)) {
      if (typeof value === 'string' && !isExcludedAnnotation(key)) visitAt(key, value, key, place)
    }
    path.length -= 2
  }

  const visitText = (text: string, name: string, place: Place): void => {
    if (text.length < 2 || PROSE.has(name)) return
    if (mayEmbed(text)) {
      visitEmbedded(text, name, place)
      return
    }
    const own = readKey(name)
    const key =
      own.role === 'other' || own.role === 'name' || own.role === 'repository' ? strongerOf(own, place.outer) : own
    if (hasPlaceholder(text)) {
      if (key.role === 'image') open.push({ text, path: [...path], place })
      return
    }
    visitWords(text, name, key, place)
  }

  /** A text of one line: one value, or several (`a=REF,b=REF`). */
  const visitWords = (text: string, name: string, key: Key, place: Place): void => {
    const words = text.includes('/') || key.role === 'images' ? text.trim().split(LIST_SEPARATOR) : [text]
    for (const word of words) {
      const [, inner, value] = ASSIGNMENT.exec(word) ?? []
      const image =
        value && inner
          ? judge(nearerOf(readKey(inner), key), value, { isLoose })
          : judge(key, words.length > 1 ? word : text, { isLoose })
      if (image) add(place, { ...image, why: whyOf(place.layer, name, inner) })
    }
  }

  const visitLines = (text: string, name: string, place: Place): void => {
    for (const { reference, confidence, name: inner, line } of imagesInLines(text, readKey(name))) {
      add(place, { reference, confidence, textLine: line, why: whyOf(place.layer, name, inner) })
    }
  }

  const visitEmbedded = (text: string, name: string, place: Place): void => {
    const values = depth < MAX_TEXT_DEPTH ? readEmbedded(text) : []
    if (values.length === 0) visitLines(text, name, place)
    const inner: Layer = place.layer === 'environment' || place.layer === 'argument' ? place.layer : 'config'
    for (const { value, lineOf } of values) {
      const { candidates } = findCandidates(value, {
        apiVersion,
        layer: inner,
        name,
        depth: depth + 1,
        container: place.container,
      })
      for (const candidate of candidates) {
        // The line after the key, where a text in the text begins.
        const textLine = lineOf(candidate.path) + (candidate.textLine === undefined ? 0 : candidate.textLine + 1)
        add(place, { ...candidate, path: [...path], textLine, why: `${candidate.why} in the text of ${name}` })
      }
    }
  }

  const addPodImages = (spec: Record<string, unknown>, place: Place): void => {
    for (const list of CONTAINER_LISTS) for (const entry of listOf(spec[list])) claimed.add(entry)
    for (const volume of listOf(spec.volumes)) if (isObject(volume) && isObject(volume.image)) claimed.add(volume.image)
    for (const gap of podImageGaps(spec)) {
      if (spec === podSpec || gap.found !== undefined) gaps.push({ ...gap, path: [...path, ...gap.path] })
    }
    for (const image of podImages(spec)) {
      const isText = depth > 0
      if (isText && !judge(IMAGE, image.reference)) continue
      add(place, {
        reference: image.reference,
        path: [...path, ...image.path],
        layer: isText ? place.layer : 'podSpec',
        confidence: isText ? 'likely' : 'certain',
        container: image.container,
        policy: { effective: image.policy, from: image.policyFrom },
        why: 'pod spec',
      })
    }
  }

  const addCompositions = (entries: readonly Entry[], place: Place, ofImage: boolean): ReadonlySet<string> => {
    if (entries.length < 2) return NOTHING
    const { found: compositions, taken } = compose(entries, { ofImage })
    for (const { reference, path: inner, from, isSure } of compositions) {
      const hasVersion = /[:@][^/]*$/.test(reference)
      add(place, {
        reference,
        path: [...path, ...inner],
        confidence: isSure && hasVersion ? 'likely' : 'possible',
        why: `composed of ${from.map(({ name }) => name).join(' + ')}`,
      })
    }
    return taken.size === 0 ? NOTHING : new Set(Array.from(taken, ({ name }) => name))
  }

  const addFilled = ({ text, path: at, place }: (typeof open)[number]): void => {
    const names = placeholderNames(text)
    const filled = fillPlaceholders(text, named)
    const image = filled === undefined ? undefined : judge(IMAGE, filled)
    if (image) add(place, { ...image, path: at, why: `${text} with ${names.join(', ')} filled in` })
  }

  visit(root, name, { layer, container, outer: OTHER })
  for (const text of open) addFilled(text)
  return { candidates: found, gaps }
}

const NOTHING: ReadonlySet<string> = new Set()

/** A map that gives a text a name: an environment variable, a parameter. */
interface Pair {
  readonly name: string
  readonly key: (typeof VALUE_KEYS)[number]
  readonly text: string
}

function pairOf(map: Record<string, unknown>): Pair | undefined {
  const { name } = map
  if (typeof name !== 'string') return undefined
  for (const key of VALUE_KEYS) {
    const text = map[key]
    if (typeof text === 'string') return { name, key, text }
  }
  return undefined
}

function placeInMap(map: Record<string, unknown>, name: string, outer: Place): Place {
  const key = readKey(name)
  const inner = key.role === 'images' || key.role === 'image' ? MENTION : key.role === 'other' ? outer.outer : OTHER
  const isContainer =
    typeof map.name === 'string' && ('image' in map || 'args' in map || 'command' in map || 'env' in map)
  const container = isContainer ? (map.name as string) : outer.container
  return inner === outer.outer && container === outer.container ? outer : { ...outer, outer: inner, container }
}

/** The entries of a map that may be parts of a reference: texts, and numbers, which a version may be. */
function entriesOf(map: Record<string, unknown>): Entry[] {
  const entries: Entry[] = []
  for (const name in map) {
    const value = map[name]
    if (typeof value === 'string' && value.length <= 512) entries.push({ name, text: value, path: [name] })
    else if (typeof value === 'number') entries.push({ name, text: String(value), path: [name] })
  }
  return entries
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function strongerOf(own: Key, outer: Key): Key {
  return outer.ofImage ? outer : own
}

/** In `--images=name=REF` and `IMAGES: 3.9.0=REF` the outer name says that it is an image, unless the inner one speaks. */
function nearerOf(inner: Key, outer: Key): Key {
  return inner.role === 'other' || inner.role === 'name' ? outer : inner
}

function asEnvironment(layer: Layer): Layer {
  return layer === 'config' ? 'config' : 'environment'
}

function whyOf(layer: Layer, name: string, inner?: string): string {
  const what = { argument: 'flag', environment: 'environment variable' }[layer as string] ?? 'key'
  return inner && inner !== name ? `${what} ${name}, ${inner}` : `${what} ${name}`
}
