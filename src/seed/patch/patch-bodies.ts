import type { MapChange } from '../../kubernetes/documents/edit/edited-value.ts'
import { type Path, valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import type { PodPlace } from '../../kubernetes/places/pod-places.ts'
import type { PodEdit } from './pod-edit.ts'

/** A place of a workload, and what is to be set in it. */
export interface EditedPlace {
  readonly place: PodPlace
  readonly edits: readonly PodEdit[]
}

/** What one patch file holds: a part of the resource that is merged, or operations of RFC 6902. */
export interface PatchBody {
  readonly form: 'merge' | 'operations'
  readonly content: object
}

interface Bodies {
  readonly bodies: readonly PatchBody[]
  /** Edits of list entries that have no name of their own. */
  readonly refused: readonly string[]
}

/**
 * The patches of one resource. Containers of built-in kinds are merged by name; of custom resources kustomize knows no
 * schema and would replace the list, so there an operation tests the name of the entry and sets the value.
 */
export function patchBodies(resource: Resource, parts: readonly EditedPlace[]): Bodies {
  const { apiVersion, kind, namespace, name } = resource
  const refused: string[] = []
  const operations: object[] = []
  let merged: Record<string, unknown> = {}
  for (const { place, edits } of parts) {
    for (const { path, value, what } of edits) {
      const entry = entryOf(resource.value, path)
      if (entry && !entry.isNamed) refused.push(what)
      else if (entry && place.kind !== 'builtIn') operations.push(...operationsFor(resource.value, path, entry, value))
      else merged = merge(merged, partial(resource.value, path, value))
    }
  }
  const head = { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } }
  const bodies: PatchBody[] = []
  // An empty one has kustomize look for the resource, and says when it is not there.
  if (Object.keys(merged).length > 0 || operations.length > 0)
    bodies.push({ form: 'merge', content: { ...head, ...merged } })
  if (operations.length > 0) bodies.push({ form: 'operations', content: operations })
  return { bodies, refused }
}

interface ListEntry {
  readonly path: Path
  readonly name: unknown
  readonly isNamed: boolean
}

/** The deepest list entry on the way to a path, and whether a name leads to it alone. */
function entryOf(root: unknown, path: Path): ListEntry | undefined {
  const at = path.findLastIndex((key) => typeof key === 'number')
  if (at < 0) return undefined
  const names = (valueAt(root, path.slice(0, at)) as unknown[]).map((entry) => valueAt(entry, ['name']))
  const name = names[Number(path[at])]
  const isNamed = typeof name === 'string' && name !== '' && names.filter((other) => other === name).length === 1
  return { path: path.slice(0, at + 1), name, isNamed }
}

function operationsFor(root: unknown, path: Path, { path: at, name }: ListEntry, value: unknown): object[] {
  const op = valueAt(root, path) === undefined ? 'add' : 'replace'
  return [
    { op: 'test', path: pointer([...at, 'name']), value: name },
    { op, path: pointer(path), value },
  ]
}

/** RFC 6901. */
function pointer(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** A value at a path as a patch that is merged: list entries are named, not counted, and null takes a key out. */
function partial(owner: unknown, [key = '', ...rest]: Path, value: string | MapChange): Record<string, unknown> {
  if (rest.length === 0) return { [key]: typeof value === 'string' ? value : mapPatch(value) }
  const [index, ...inside] = rest
  const next = valueAt(owner, [key])
  if (typeof index !== 'number') return { [key]: partial(next, rest, value) }
  const entry = valueAt(next, [index])
  return { [key]: [{ name: valueAt(entry, ['name']), ...partial(entry, inside, value) }] }
}

function mapPatch({ set, drop }: MapChange): Record<string, string | null> {
  return { ...Object.fromEntries(drop.map((key) => [key, null])), ...set }
}

function merge(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const known = merged[key]
    if (Array.isArray(known) && Array.isArray(value)) merged[key] = mergeNamed(known, value)
    else merged[key] = isObject(known) && isObject(value) ? merge(known, value) : value
  }
  return merged
}

function mergeNamed(known: Record<string, unknown>[], added: Record<string, unknown>[]): Record<string, unknown>[] {
  const byName = new Map(known.map((entry) => [entry.name, entry]))
  for (const entry of added) byName.set(entry.name, merge(byName.get(entry.name) ?? {}, entry))
  return [...byName.values()]
}
