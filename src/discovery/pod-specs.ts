import { CONTAINER_LISTS } from '../kubernetes/pod-images.ts'
import type { Path } from '../kubernetes/position.ts'
import { isObject, type Resource } from '../kubernetes/resource.ts'
import { templatePathOf } from '../kubernetes/workload.ts'

/** A pod spec of a resource, and the path to it. */
export interface PodSpecAt {
  readonly podSpec: Readonly<Record<string, unknown>>
  readonly path: Path
  /** True where the API says that it is one; false where it only looks like one, in a custom resource. */
  readonly builtIn: boolean
}

/** Parts of any object that describe what was, or what it is called, and ask for no image. */
const NOT_WANTED: ReadonlySet<string> = new Set(['metadata', 'status'])

/**
 * The pod specs of a resource: where its kind keeps it, and for every other kind (and place) each map that has the shape
 * of one: an array of `containers` (or init containers) whose entries are maps with a name.
 */
export function podSpecsOf(resource: Resource): PodSpecAt[] {
  const known = templatePathOf(resource)
  const found: PodSpecAt[] = []
  collect(resource.value, [], known && [...known, 'spec'], found)
  return found
}

function collect(value: unknown, path: Path, known: Path | undefined, found: PodSpecAt[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    value.forEach((entry, index) => {
      collect(entry, [...path, index], undefined, found)
    })
    return
  }
  const object = value as Record<string, unknown>
  const builtIn = known !== undefined && path.length === known.length
  if (builtIn || hasPodShape(object)) found.push({ podSpec: object, path, builtIn })
  for (const [key, child] of Object.entries(object)) {
    if (path.length === 0 && NOT_WANTED.has(key)) continue
    const towards = known?.[path.length] === key ? known : undefined
    collect(child, [...path, key], towards, found)
  }
}

function hasPodShape(value: Record<string, unknown>): boolean {
  return CONTAINER_LISTS.some((list) => {
    const entries = value[list]
    return (
      Array.isArray(entries) && entries.length > 0 && entries.every((entry) => isObject(entry) && isName(entry.name))
    )
  })
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
