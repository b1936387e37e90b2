import { valueAt } from '../documents/path.ts'
import { isObject, type Resource } from '../objects/resource.ts'

/** The objects of a namespace that pods of it depend on. */
export interface NamespaceObjects {
  readonly serviceAccounts: ReadonlySet<string>
  readonly configMaps: ReadonlyMap<string, ReadonlySet<string>>
  readonly secrets: ReadonlyMap<string, ReadonlySet<string>>
  readonly quotas: readonly Quota[]
  /** An API server wrote these Secrets down. */
  readonly hasStoredSecrets: boolean
}

interface Quota {
  readonly name: string
  /** What it limits: `pods`, `requests.cpu`. */
  readonly hard: Readonly<Record<string, unknown>>
  readonly isScoped: boolean
}

/** The kinds of which these are made. */
export const NAMESPACE_KINDS = ['ServiceAccount', 'ConfigMap', 'Secret', 'ResourceQuota']

/** By namespace. */
export function namespaceObjects(resources: readonly Resource[]): ReadonlyMap<string, NamespaceObjects> {
  const ours = resources.filter(({ apiVersion, kind }) => apiVersion === 'v1' && NAMESPACE_KINDS.includes(kind))
  const groups = Map.groupBy(ours, ({ namespace }) => namespace || 'default')
  return new Map([...groups].map(([namespace, objects]) => [namespace, objectsFrom(objects)]))
}

function objectsFrom(objects: readonly Resource[]): NamespaceObjects {
  const named = (kind: string) => objects.filter((one) => one.kind === kind)
  const keyed = (kind: string) => new Map(named(kind).map(({ name, value }) => [name, keysOf(value)]))
  return {
    serviceAccounts: new Set(named('ServiceAccount').map(({ name }) => name)),
    configMaps: keyed('ConfigMap'),
    secrets: keyed('Secret'),
    hasStoredSecrets: named('Secret').some(({ value }) => typeof valueAt(value, ['metadata', 'uid']) === 'string'),
    quotas: named('ResourceQuota').map(({ name, value }) => {
      const hard = valueAt(value, ['spec', 'hard'])
      const scopes = [valueAt(value, ['spec', 'scopes']), valueAt(value, ['spec', 'scopeSelector', 'matchExpressions'])]
      return {
        name,
        hard: isObject(hard) ? hard : {},
        isScoped: scopes.some((one) => Array.isArray(one) && one.length > 0),
      }
    }),
  }
}

function keysOf(value: Resource['value']): ReadonlySet<string> {
  const parts = [value.data, value.stringData, value.binaryData]
  return new Set(parts.flatMap((part) => (isObject(part) ? Object.keys(part) : [])))
}
