import { valueAt } from '../documents/path.ts'
import { isObject, type Resource } from '../objects/resource.ts'
import { countObjects, type ObjectCounts } from './quota/object-counts.ts'
import { type NamespaceQuota, quotaOf } from './quota/quota.ts'

/** The objects of a namespace that pods of it depend on. */
export interface NamespaceObjects {
  readonly serviceAccounts: ReadonlySet<string>
  readonly configMaps: ReadonlyMap<string, ReadonlySet<string>>
  readonly secrets: ReadonlyMap<string, ReadonlySet<string>>
  readonly quotas: readonly NamespaceQuota[]
  /** What its objects take of quotas. */
  readonly counts: ObjectCounts
  /** An API server wrote these Secrets down. */
  readonly hasStoredSecrets: boolean
}

/** The kinds of which these are made. */
export const NAMESPACE_KINDS = ['ServiceAccount', 'ConfigMap', 'Secret', 'ResourceQuota']

const NO_COUNTS: ObjectCounts = { all: new Map(), added: new Map() }

/** By namespace. */
export function namespaceObjects(resources: readonly Resource[]): ReadonlyMap<string, NamespaceObjects> {
  const ours = (list: readonly Resource[]) =>
    list.filter(({ apiVersion, kind }) => apiVersion === 'v1' && NAMESPACE_KINDS.includes(kind))
  const groups = Map.groupBy(resources, ({ namespace }) => namespace || 'default')
  return new Map(
    [...groups].flatMap(([namespace, all]) => {
      const objects = ours(all)
      return objects.length > 0 ? [[namespace, objectsFrom(objects, all)] as const] : []
    }),
  )
}

function objectsFrom(objects: readonly Resource[], all: readonly Resource[]): NamespaceObjects {
  const named = (kind: string) => objects.filter((one) => one.kind === kind)
  const keyed = (kind: string) => new Map(named(kind).map(({ name, value }) => [name, keysOf(value)]))
  return {
    serviceAccounts: new Set(named('ServiceAccount').map(({ name }) => name)),
    configMaps: keyed('ConfigMap'),
    secrets: keyed('Secret'),
    hasStoredSecrets: named('Secret').some(({ value }) => typeof valueAt(value, ['metadata', 'uid']) === 'string'),
    quotas: named('ResourceQuota').map(quotaOf),
    counts: objects.some(({ kind }) => kind === 'ResourceQuota') ? countObjects(all) : NO_COUNTS,
  }
}

function keysOf(value: Resource['value']): ReadonlySet<string> {
  const parts = [value.data, value.stringData, value.binaryData]
  return new Set(parts.flatMap((part) => (isObject(part) ? Object.keys(part) : [])))
}
