import { isObject } from '../../kubernetes/objects/resource.ts'
import { withoutDashboardVariables } from '../classify/dashboards.ts'
import { isExcludedAnnotation, isExcludedKey, maySayResult } from '../classify/exclusions.ts'
import { describesImage, readKey } from '../classify/key.ts'
import { HAS, keysOf } from '../classify/map-keys.ts'
import {
  fillPlaceholders,
  hasPlaceholder,
  hasSeveralWords,
  type PlaceholderValues,
  placeholderNames,
} from '../classify/placeholders.ts'
import { hasPodShape } from '../classify/pod-shape.ts'
import { hasVersion } from '../classify/reference-likelihood.ts'
import type { Entry } from '../compose/compose-reference.ts'
import { type NamedValue, namedValueOf } from '../compose/named-value.ts'
import { decodeFile } from '../encoded/encoded-text.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'
import type { Layer } from '../uses/image-use.ts'
import { readArguments } from './arguments.ts'
import { withExpandedEnv } from './expand-env.ts'
import { visitCommandLists } from './walk-commands.ts'
import { addCompositions, entriesOf, NOTHING } from './walk-compositions.ts'
import { isHeld, visitEncoded, visitHeld } from './walk-held.ts'
import { visitNamedValue } from './walk-named-value.ts'
import { addPodImages } from './walk-pods.ts'
import { add, asPossible, type Found, MENTION, OTHER, type Place, type ReadInside, type Walk } from './walk-state.ts'
import { isWord, judgeFilled, visitLines, visitOpen, visitText, visitWords } from './walk-text.ts'

interface WalkOptions {
  readonly apiVersion: string
  readonly layer: Layer
  /** What the API says is a pod spec, whatever its shape. */
  readonly podSpec?: unknown
  readonly vars?: PlaceholderValues | undefined
  /** The root is no whole resource. */
  readonly isLoose?: boolean
  /** What tables say of resources that stand as text. */
  readonly readInside?: ReadInside
}

const NOTHING_TOLD: ReadInside = () => ({ candidates: [], isClaimed: () => false, elsewhere: () => [] })
const NO_VARS: PlaceholderValues = new Map()

const ARGUMENT_LISTS: ReadonlySet<string> = new Set('args command cmd extraArgs additionalArgs arguments'.split(' '))

/** Everything in a resource that names an image or may: pod specs, and what the keys and texts around tell. */
export function findCandidates(
  root: unknown,
  { apiVersion, layer, podSpec, vars = NO_VARS, isLoose = false, readInside = NOTHING_TOLD }: WalkOptions,
): Found {
  const whole = { apiVersion, podSpec, depth: 0, vars, isLoose, readInside }
  return walkFrom(root, whole, { layer, container: undefined, outer: OTHER }, '')
}

type WalkFrom = Pick<Walk, 'apiVersion' | 'podSpec' | 'depth' | 'vars' | 'isLoose' | 'readInside'>

function walkFrom(
  root: unknown,
  { apiVersion, podSpec, depth, vars, isLoose, readInside }: WalkFrom,
  place: Place,
  name: string,
): Found {
  const walk: Walk = {
    ...{ apiVersion, podSpec, depth, vars, isLoose, readInside },
    ...{ path: [], maps: [], found: [], gaps: [], claimed: new Set(), named: new Map(), open: [], unresolved: [] },
    elsewhere: [],
  }
  visit(walk, root, name, place)
  for (const open of walk.open) fillIn(walk, open)
  return { candidates: walk.found, gaps: walk.gaps, unresolved: walk.unresolved, elsewhere: walk.elsewhere }
}

/** The values of one map, and where it has none those of another. */
function firstOf(first: PlaceholderValues, second: PlaceholderValues): PlaceholderValues {
  return { get: (name) => first.get(name) ?? second.get(name) }
}

/** An image once all values are known that its text may wait for. */
function fillIn(walk: Walk, { text, path, textLine, place, pod }: Walk['open'][number]): void {
  const isBuiltIn = pod !== undefined && walk.podSpec !== undefined
  const values = isBuiltIn ? walk.vars : firstOf(walk.vars, walk.named)
  const filled = fillPlaceholders(text, values)
  if (filled === undefined) {
    walk.unresolved.push({ text, path, textLine, container: pod?.container ?? place.container, isPodSpec: isBuiltIn })
    return
  }
  const image = judgeFilled(filled)
  const why = `${text} with ${placeholderNames(text).join(', ')} filled in`
  if (image) add(walk, place, { ...image, ...pod, path, textLine, why })
}

function visit(walk: Walk, value: unknown, name: string, place: Place): void {
  if (typeof value === 'string') {
    visitText(walk, value, name, place, (inside, at, outer) => foundInside(walk, inside, at, outer))
  } else if (Array.isArray(value)) {
    visitList(walk, value, name, place)
  } else if (typeof value === 'object' && value !== null) {
    visitMap(walk, value as Record<string, unknown>, name, place)
  }
}

/** What a value that stands as text gives: a resource what tables say of it too. */
function foundInside(walk: Walk, inside: unknown, place: Place, name: string): Found {
  const isResource = isObject(inside) && typeof inside.kind === 'string'
  const { vars, readInside } = walk
  const told = isResource ? readInside(inside) : NOTHING_TOLD({})
  if (!told) return { candidates: [], gaps: [], unresolved: [], elsewhere: [] }
  const apiVersion = isResource && typeof inside.apiVersion === 'string' ? inside.apiVersion : walk.apiVersion
  const from: WalkFrom = {
    apiVersion,
    podSpec: undefined,
    depth: walk.depth + 1,
    vars,
    isLoose: !isResource,
    readInside,
  }
  const found = walkFrom(inside, from, place, name)
  const candidates = [
    ...told.candidates.map((candidate): ImageCandidate => {
      const confidence = candidate.confidence === 'possible' ? 'possible' : 'likely'
      return { ...candidate, layer: place.layer, container: place.container, confidence }
    }),
    ...found.candidates.filter(({ path }) => !told.isClaimed(path)),
  ]
  const open = withoutDashboardVariables(inside, found.unresolved)
  const unresolved = open.filter(({ path }) => !told.isClaimed(path))
  const isSilent = unresolved.length === 0 && candidates.every(({ confidence }) => confidence === 'possible')
  return { ...found, candidates, unresolved, elsewhere: [...found.elsewhere, ...told.elsewhere(isSilent)] }
}

function visitAt(walk: Walk, key: string | number, value: unknown, name: string, place: Place): void {
  walk.path.push(key)
  visit(walk, value, name, place)
  walk.path.pop()
}

function visitMap(walk: Walk, given: Record<string, unknown>, name: string, outer: Place): void {
  const keys = keysOf(given)
  const place = placeInMap(given, keys, name, outer)
  if (given === walk.podSpec || (keys & HAS.containers && hasPodShape(given))) addPodImages(walk, given, place)
  const isClaimed = walk.claimed.has(given)
  const map = keys & HAS.env ? withExpandedEnv(given) : given
  walk.maps.push(map)
  const ofImage = place.outer.ofImage || describesImage(name)
  const mayCompose = !isClaimed && (ofImage || keys & (HAS.base | HAS.name))
  const taken = mayCompose ? addCompositions(walk, entriesOf(map, { ofImage }), place, name) : NOTHING
  const isHanded = keys & HAS.command ? visitCommandLists(walk, map, place) : false
  const pair = keys & HAS.name && keys & HAS.value ? namedValueOf(map) : undefined
  const at = { apiVersion: walk.apiVersion, isRoot: walk.path.length === 0 && walk.depth === 0, holder: map, name }
  if (pair) visitNamedValue(walk, pair, name, place, visit)
  for (const key in map) {
    const value = map[key]
    if (value === null || (typeof value !== 'object' && typeof value !== 'string')) continue
    if (key !== 'content' && typeof value === 'string' && isWord(value, readKey(key), place)) continue
    if (taken.has(key) || key === pair?.key || isExcludedKey(key, value, at)) continue
    if (isClaimed && (key === 'image' || key === 'reference')) continue
    if (isHanded && (key === 'command' || key === 'args')) continue
    const isRead =
      key === 'content' && visitEncoded(walk, decodeFile(map), [key], (text) => visitAt(walk, key, text, key, place))
    if (isRead) continue
    if (isHeld(map, key)) visitHeld(walk, key, value, place, visitAt)
    else if (key === 'metadata' && isObjectMeta(walk, map))
      asPossible(walk, isInformative, () => visitAnnotations(walk, value, place))
    else if (maySayResult(key, value)) asPossible(walk, Boolean, () => visitAt(walk, key, value, key, place))
    else visitAt(walk, key, value, key, place)
  }
  walk.maps.pop()
}

/** Object metadata stands at the root, and beside a spec in templates; elsewhere the word is a field like any other. */
function isObjectMeta({ path }: Walk, map: Record<string, unknown>): boolean {
  return path.length === 0 || 'spec' in map || 'kind' in map
}

function visitList(walk: Walk, list: readonly unknown[], name: string, outer: Place): void {
  if (ARGUMENT_LISTS.has(name)) {
    visitArguments(walk, list, outer)
    return
  }
  const isEnvironment = (name === 'env' || name === 'envs') && outer.layer !== 'config'
  const place: Place = isEnvironment ? { ...outer, layer: 'environment' } : outer
  const inner: Place = place.outer === OTHER ? place : { ...place, outer: OTHER }
  const pairs = list.map((item) => (isObject(item) ? namedValueOf(item) : undefined))
  const taken = addPairs(walk, pairs, inner)
  const isImages = readKey(name).role === 'images'
  for (const [index, item] of list.entries()) {
    const pair = pairs[index]
    // What comes from elsewhere hides what had its name.
    if (!pair && isObject(item) && 'valueFrom' in item) walk.named.delete(String(item.name))
    if (pair && taken.has(pair.name)) walk.named.set(pair.name, pair.text)
    else if (typeof item === 'string') visitAt(walk, index, item, name, place)
    else visitAt(walk, index, item, isImages ? 'image' : name, inner)
  }
}

function addPairs(walk: Walk, pairs: readonly (NamedValue | undefined)[], place: Place): ReadonlySet<string> {
  const entries: Entry[] = []
  for (const [index, pair] of pairs.entries()) {
    if (pair) entries.push({ name: pair.name, text: pair.text, path: [index, pair.key] })
  }
  return entries.length === 0 ? NOTHING : addCompositions(walk, entries, place, '')
}

function visitArguments(walk: Walk, list: readonly unknown[], outer: Place): void {
  const place: Place = { ...outer, layer: outer.layer === 'config' ? 'config' : 'argument' }
  const passed = readArguments(list)
  // A program's own `--version` is no part of an image.
  const parts = passed.filter(({ flag }) => readKey(flag).role !== 'version' || readKey(flag).stem !== '')
  const entries = parts.map(({ flag, value, index }): Entry => ({ name: flag, text: value, path: [index] }))
  const taken = addCompositions(walk, entries, { ...place, outer: OTHER }, '')
  for (const { flag, value, index } of passed) {
    if (taken.has(flag) || isWord(value, readKey(flag), place)) continue
    walk.path.push(index)
    if (/^[[{]/.test(value)) visit(walk, value, flag, place)
    else if (hasSeveralWords(value)) visitLines(walk, value, flag, place)
    else if (hasPlaceholder(value)) visitOpen(walk, value, readKey(flag), place)
    else visitWords(walk, value, flag, readKey(flag), place)
    walk.path.pop()
  }
}

function visitAnnotations(walk: Walk, metadata: unknown, place: Place): void {
  if (!isObject(metadata) || !isObject(metadata.annotations)) return
  walk.path.push('metadata', 'annotations')
  const taken = addCompositions(walk, entriesOf(metadata.annotations, place.outer), place, '')
  for (const [key, value] of Object.entries(metadata.annotations)) {
    if (typeof value === 'string' && !taken.has(key) && !isExcludedAnnotation(key))
      visitAt(walk, key, value, key, place)
  }
  walk.path.length -= 2
}

/** What an annotation says about an image without asking for it: what the catalog shows, or which repository is meant. */
function isInformative({ path, textLine, reference }: ImageCandidate): boolean {
  return textLine === undefined && (path.at(-1) === 'containerImage' || !hasVersion(reference))
}

function placeInMap(map: Record<string, unknown>, keys: number, name: string, outer: Place): Place {
  const { role } = readKey(name)
  const inherits = role === 'other' ? outer.outer : OTHER
  const key = role === 'images' || role === 'image' ? MENTION : inherits
  const isContainer = keys & (HAS.image | HAS.command | HAS.env) && keys & HAS.name && typeof map.name === 'string'
  const container = isContainer ? (map.name as string) : outer.container
  return key === outer.outer && container === outer.container ? outer : { ...outer, outer: key, container }
}
