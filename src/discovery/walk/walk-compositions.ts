import { describesImage, readKey } from '../classify/key.ts'
import { isBase } from '../classify/map-keys.ts'
import { hasPlaceholder, maskPlaceholders } from '../classify/placeholders.ts'
import { hasVersion, likelihoodOf } from '../classify/reference-likelihood.ts'
import { compose, type Entry } from '../compose/compose-reference.ts'
import { namedPairOf } from '../compose/named-pair.ts'
import { saidParts } from '../compose/said-parts.ts'
import { partsAround } from '../compose/surrounding-parts.ts'
import { add, type Place, type Walk } from './walk-state.ts'

export const NOTHING: ReadonlySet<string> = new Set()

const MAX_PART = 512

/** Notes the references that entries beside one another make together; the names of the entries that went into one. */
export function addCompositions(walk: Walk, given: readonly Entry[], place: Place, name: string): ReadonlySet<string> {
  if (given.length === 0) return NOTHING
  const tags = tagsBeside(given, walk.maps.at(-1))
  if (tags.length === 0) return composeEntries(walk, given, place, name)
  const taken = tags.map((tag) => [...composeEntries(walk, [...given, tag], place, name)])
  return new Set(taken.flat())
}

/** `{repository: quay.io/team/web, tags: ["1.2", "1.3"]}`: as many images. */
function tagsBeside(entries: readonly Entry[], map: Readonly<Record<string, unknown>> | undefined): Entry[] {
  const key = TAGS.find((name) => Array.isArray(map?.[name]))
  const tags = key === undefined ? [] : (map?.[key] as unknown[])
  const isOfMap = entries.every(({ path }) => path.length === 1 && map && path[0] !== undefined && path[0] in map)
  if (key === undefined || !isOfMap || tags.length > MAX_TAGS) return []
  if (entries.some(({ name }) => ['tag', 'version', 'digest'].includes(readKey(name).role))) return []
  return tags.flatMap((tag, index) =>
    typeof tag === 'string' || typeof tag === 'number' ? [{ name: 'tag', text: String(tag), path: [key, index] }] : [],
  )
}
const TAGS = ['tags', 'versions']
const MAX_TAGS = 256

function composeEntries(walk: Walk, given: readonly Entry[], place: Place, name: string): ReadonlySet<string> {
  const ofImage = describesImage(name) ? 'directly' : place.outer.ofImage && 'below'
  const entries = saidParts(given, walk.maps, ofImage)
  if (!ofImage && !entries.some((entry) => isBase(entry.name))) return addNamedPair(walk, entries, place)
  // A `global` map holds the parts that others leave out, and is no image itself.
  if (name === 'global') return NOTHING
  const isOpen = entries.some(({ text }) => hasPlaceholder(text))
  const { masked, unmask } = isOpen ? maskPlaceholders(entries.map(({ text }) => text)) : UNMASKED
  const parts = isOpen ? entries.map((entry, index) => ({ ...entry, text: masked[index] ?? entry.text })) : entries
  const { found, taken } = compose(parts, {
    ofImage,
    inherit: once(() => partsAround([...walk.maps, textsOf(parts)])),
  })
  for (const { reference, path, from, isSure } of found) {
    const text = unmask(reference)
    if (text !== reference) {
      if (isSure) walk.open.push({ text, path: [...walk.path, ...path], textLine: undefined, place })
      continue
    }
    add(walk, place, {
      reference,
      path: [...walk.path, ...path],
      confidence: isSure && hasVersion(reference) ? 'likely' : 'possible',
      why: `composed of ${from.map(({ name, called = name }) => called).join(' + ')}`,
    })
  }
  if (found.length === 0 && readKey(name).role === 'images') addNamedVersions(walk, entries, place)
  return taken.size === 0 ? NOTHING : new Set(Array.from(taken, ({ name, called = name }) => called))
}

/** `imageRegistry: quay.io/team` with `images: {web: "1.2", api: "1.3"}`: names and versions of what is there. */
function addNamedVersions(walk: Walk, entries: readonly Entry[], place: Place): void {
  const versions = entries.filter(({ text }) => /^v?\d+\.\d[\w.-]*$/.test(text))
  const registry = versions.length === 0 ? undefined : partsAround(walk.maps).registry
  for (const { name, text, path } of registry === undefined ? [] : versions) {
    const reference = `${registry}/${name}:${text}`
    if (likelihoodOf(reference) === 'none') continue
    const why = `composed of the registry around, ${name} and its version`
    add(walk, place, { reference, path: [...walk.path, ...path], confidence: 'possible', why })
  }
}

function addNamedPair(walk: Walk, entries: readonly Entry[], place: Place): ReadonlySet<string> {
  const pair = namedPairOf(entries)
  if (!pair) return NOTHING
  const { reference, base, version, isSure } = pair
  const confidence = isSure ? 'likely' : 'possible'
  const why = `composed of ${base.name} + ${version.name}`
  add(walk, place, { reference, path: [...walk.path, ...base.path], confidence, why })
  return new Set([base.name, version.name])
}

const UNMASKED = { masked: [], unmask: (text: string) => text }

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function textsOf(entries: readonly Entry[]): Record<string, string> {
  return Object.fromEntries(entries.map(({ name, text }) => [name, text]))
}

/** The entries of a map that may be parts of a reference: texts, and numbers, which a version may be. */
export function entriesOf(map: Readonly<Record<string, unknown>>, { ofImage }: { ofImage: boolean }): Entry[] {
  const entries: Entry[] = []
  if (!ofImage && !mayBegin(map)) return entries
  for (const name in map) {
    const value = map[name]
    if (typeof value === 'string' && value.length <= MAX_PART) entries.push({ name, text: value, path: [name] })
    else if (typeof value === 'number') entries.push({ name, text: String(value), path: [name] })
  }
  return entries
}

function mayBegin(map: Readonly<Record<string, unknown>>): boolean {
  if (typeof map.name === 'string' && map.name.includes('/')) return true
  if (typeof map.newName === 'string') return true
  for (const name in map) if (typeof map[name] === 'string' && isBase(name)) return true
  return false
}
