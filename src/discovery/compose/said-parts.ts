import { isObject } from '../../kubernetes/objects/resource.ts'
import { readKey } from '../classify/key.ts'
import type { Entry } from './compose-reference.ts'
import type { UnderImage } from './path-parts.ts'

type Texts = Readonly<Record<string, unknown>>

/** Between a registry and a repository; `namespace` only where nothing but an image is described. */
const PROJECT = /^(?:project|organization|org)$/i
const NAMESPACE = /^(?:namespace|owner|group)$/i
const PATH = /^[\w-]+(?:[.:/][\w-]+)+$/
/** Where charts have the registry that goes before every image of theirs. */
const COMMON = [
  ['imageRegistry'],
  ['image', 'registry'],
  ['cattle', 'systemDefaultRegistry'],
  ['systemDefaultRegistry'],
]

/**
 * The entries of a map in the words of a reference: what charts have beside `registry`, `repository`, `name` and `tag`
 * (`org`, `prefix`, `path`) is said by those. A registry under `global`, which charts put before all of their images, goes
 * before that of the image; one that only stands above is for images that have none. `maps` are those around it, the
 * nearest last.
 */
export function saidParts(entries: readonly Entry[], maps: readonly Texts[], ofImage: UnderImage): readonly Entry[] {
  const own = ofImage === 'directly' ? entries.map((entry) => renamed(entry, entries)) : entries
  const registry = own.find((entry) => isPlain(entry, 'registry'))
  const project = own.find(({ name }) => PROJECT.test(name) || (ofImage === 'directly' && NAMESPACE.test(name)))
  const repository = own.find((entry) => isPlain(entry, 'repository'))
  const path = repository ?? own.find((entry) => isPlain(entry, 'name'))
  const isJoined = registry && project && path && isComponent(project.text) && !path.text.startsWith(`${project.text}/`)
  const below = isJoined ? `/${project.text}` : ''
  const joined = own.map((entry) => (entry === registry ? { ...entry, text: `${entry.text}${below}` } : entry))
  const isOpen = path !== undefined && (repository || ofImage) && path.text.includes('/') && !hasHost(path.text)
  const common =
    isOpen || (repository && !hasHost(repository.text)) ? commonRegistry(maps, registry !== undefined) : undefined
  if (common === undefined || common === registry?.text) return joined
  const others = joined.filter((entry) => !isPlain(entry, 'registry'))
  return [
    ...others,
    {
      name: 'registry',
      text: `${common}${below}`,
      path: registry?.path ?? [],
      ...(registry && { called: registry.name }),
    },
  ]
}

/** Keys come from inputs, so that these are no properties of an object, which has others: `constructor`. */
const SAID: ReadonlyMap<string, string> = new Map([
  ['prefix', 'registry'],
  ['path', 'repository'],
])

/** `prefix` is a registry and `path` a repository, where nothing else is. */
function renamed(entry: Entry, all: readonly Entry[]): Entry {
  const as = SAID.get(entry.name)
  const hasOther = all.some((one) => isPlain(one, as ?? '') || (as === 'repository' && isPlain(one, 'image')))
  const isPart = as !== undefined && !hasOther && PATH.test(entry.text.replace(/\/$/, '')) && /[./]/.test(entry.text)
  return isPart ? { ...entry, name: as, called: entry.name } : entry
}

function isPlain({ name, text }: Entry, role: string): boolean {
  const key = readKey(name)
  return key.role === role && key.stem === '' && text !== ''
}

function isComponent(text: string): boolean {
  return /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(text)
}

function hasHost(path: string): boolean {
  const [first = '', ...more] = path.split('/')
  return more.length > 0 && (/[.:]/.test(first) || first === 'localhost')
}

function commonRegistry(maps: readonly Texts[], hasOwn: boolean): string | undefined {
  for (const map of maps.toReversed()) {
    const ways = isObject(map.global) ? COMMON.map((way) => textAt(map.global, way)) : []
    const found = [...ways, hasOwn ? '' : textAt(map, ['imageRegistry'])].find((text) => text !== '')
    if (found !== undefined) return found
  }
  return undefined
}

function textAt(root: unknown, way: readonly string[]): string {
  const found = way.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), root)
  return typeof found === 'string' ? found.trim().replace(/\/$/, '') : ''
}
