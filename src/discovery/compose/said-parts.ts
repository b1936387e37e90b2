import { isObject } from '../../kubernetes/objects/resource.ts'
import { readKey } from '../classify/key.ts'
import type { Entry } from './compose-reference.ts'
import { inWordsOfReference, isPlainPart } from './part-names.ts'
import type { UnderImage } from './path-parts.ts'

type Texts = Readonly<Record<string, unknown>>

/** Between a registry and a repository; `namespace` only where it says that it is an image's. */
const PROJECT =
  /^(?:(?:(?:docker|container)?[_-]?image|registry|repository|repo)[_-]?(?:namespace|owner|group|project|organization|org)|project|organization|org)$/i
const SCHEME = /^https?:\/\/(?=[^/])/
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
  const called = ofImage === 'directly' ? inWordsOfReference(entries) : entries
  const own = called.map((entry) => withoutScheme(entry, ofImage))
  const registry = own.find((entry) => isPlainPart(entry, 'registry'))
  const project = own.find(({ name }) => PROJECT.test(name))
  const repository = own.find((entry) => isPlainPart(entry, 'repository'))
  const path = repository ?? own.find((entry) => isPlainPart(entry, 'name'))
  const joined = withProject(own, {
    registry,
    project,
    path: own.find((entry) => isPlainPart(entry, 'image')) ?? path,
    ofImage,
  })
  const below = registry && joined !== own ? `/${project?.text.replace(/\/$/, '')}` : ''
  const isOpen = path !== undefined && (repository || ofImage) && path.text.includes('/') && !hasHost(path.text)
  const common =
    isOpen || (repository && !hasHost(repository.text)) ? commonRegistry(maps, registry !== undefined) : undefined
  if (common === undefined || common === registry?.text) return joined
  const others = joined.filter((entry) => !isPlainPart(entry, 'registry'))
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

/** The entries with a project before what it is a project of: behind the registry, or before the repository. */
function withProject(
  entries: readonly Entry[],
  {
    registry,
    project,
    path,
    ofImage,
  }: Readonly<Record<'registry' | 'project' | 'path', Entry | undefined>> & { readonly ofImage: UnderImage },
): readonly Entry[] {
  const prefix = project?.text.replace(/\/$/, '') ?? ''
  if (!path || !isComponent(prefix) || path.text.startsWith(`${prefix}/`) || hasHost(path.text)) return entries
  if (registry)
    return entries.map((entry) =>
      entry === registry ? { ...entry, text: `${entry.text.replace(/\/$/, '')}/${prefix}` } : entry,
    )
  const isWhole =
    ofImage === 'directly' &&
    !path.text.includes('/') &&
    entries.some((entry) => isPlainPart(entry, 'tag') || isPlainPart(entry, 'digest'))
  return isWhole
    ? entries.map((entry) => (entry === path ? { ...entry, text: `${prefix}/${entry.text}` } : entry))
    : entries
}

/** `registryUrl: https://r.example.com` is the registry that references begin with; a `repoUrl` may be one of charts. */
function withoutScheme(entry: Entry, ofImage: UnderImage): Entry {
  if (!SCHEME.test(entry.text)) return entry
  const { role, ofImage: saysImage } = readKey(entry.name)
  const isOfImage = ofImage === 'directly' || saysImage
  const isPart = role === 'registry' ? isOfImage || /registry|hub/i.test(entry.name) : isOfImage && PATH_ROLES.has(role)
  return isPart ? { ...entry, text: entry.text.replace(SCHEME, '') } : entry
}
const PATH_ROLES: ReadonlySet<string> = new Set(['repository', 'image'])

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
