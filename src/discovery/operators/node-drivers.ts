import type { Path } from '../../kubernetes/documents/path.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import type { MadeElsewhere } from './made-elsewhere.ts'

/** Drivers whose operator puts the operating system of each node behind the version, so that no such tag is there. */
const DRIVERS: Readonly<Record<string, readonly Path[]>> = {
  'nvidia.com/ClusterPolicy': [['spec', 'driver']],
  'nvidia.com/NVIDIADriver': [['spec']],
  'mellanox.com/NicClusterPolicy': [['spec', 'ofedDriver']],
}

/** Kinds whose parts are images of their own: one that runs and says no version is of the version of its operator. */
const OF_PARTS: ReadonlySet<string> = new Set(['nvidia.com/ClusterPolicy'])

/** Told at a glance: a key is made only for these kinds. */
const KINDS: ReadonlySet<string> = new Set(Object.keys(DRIVERS).map((of) => of.slice(of.indexOf('/') + 1)))
const NONE = { claimed: [], elsewhere: [] }

/** What operators complete by the nodes, and the paths that are only a part of it. */
export function nodeDriversOf({ apiVersion, kind, value }: Pick<Resource, 'apiVersion' | 'kind' | 'value'>): {
  readonly claimed: readonly Path[]
  readonly elsewhere: readonly MadeElsewhere[]
} {
  if (!KINDS.has(kind)) return NONE
  const places = DRIVERS[`${groupOf(apiVersion)}/${kind}`] ?? []
  const open = places.flatMap((path) => {
    const driver = valueAt(value, path)
    if (!isObject(driver) || typeof driver.image !== 'string' || driver.enabled === false) return []
    const { repository, image, version } = driver
    // A digest, and a version in the image itself, are taken as they are.
    const isOpen = typeof version === 'string' && !version.startsWith('sha256:') && !/[:@]/.test(image)
    return isOpen ? [{ path, name: [repository, image].filter(Boolean).join('/'), version }] : []
  })
  const unsaid = OF_PARTS.has(`${groupOf(apiVersion)}/${kind}`) ? partsWithoutVersion(value.spec) : []
  return {
    claimed: open.flatMap(({ path }) => ['image', 'repository', 'version'].map((key) => [...path, key])),
    elsewhere: [
      ...open.map(({ path, name, version }) => ({
        code: 'OPERATOR_CHOOSES' as const,
        what: `${name}:${version}-SYSTEM, where SYSTEM is the operating system of each node`,
        path: [...path, 'image'],
      })),
      ...unsaid.map((part) => ({ code: 'OPERATOR_CHOOSES' as const, what: part, path: ['spec', part] })),
    ],
  }
}

function partsWithoutVersion(spec: unknown): string[] {
  return Object.entries(isObject(spec) ? spec : {}).flatMap(([name, part]) => {
    if (!isObject(part) || part.enabled === false || (part.enabled !== true && !('image' in part))) return []
    const isSaid = typeof part.version === 'string' || (typeof part.image === 'string' && /[:@]/.test(part.image))
    return isSaid ? [] : [name]
  })
}
