import { valueAt } from '../kubernetes/documents/path.ts'
import { isObject, nameOfResource, objectsOf } from '../kubernetes/objects/resource.ts'
import { isFinished, templatePathOf } from '../kubernetes/objects/workload.ts'

/** What `kubectl get` is asked for to learn who selects a label: whatever makes pods, and the pods of all others. */
export const SELECTING_KINDS =
  'deployments,statefulsets,daemonsets,replicasets,replicationcontrollers,jobs,cronjobs,pods'

/**
 * Who selects nodes by a label in a live cluster, by the label's key. Finished pods and jobs, and ReplicaSets without
 * replicas, select nothing any more.
 */
export function labelUsers(objects: readonly unknown[]): (key: string) => readonly string[] {
  const users = new Map<string, string[]>()
  for (const object of objects) {
    if (!isObject(object) || isOver(object)) continue
    const { kind, metadata } = object
    const { namespace, name } = (isObject(metadata) ? metadata : {}) as { namespace?: string; name?: string }
    const path = templatePathOf({ apiVersion: String(object.apiVersion ?? ''), kind: String(kind) })
    if (!path) continue
    const subject = nameOfResource({ kind: String(kind), namespace, name: name ?? '' })
    for (const key of selectedKeys(valueAt(object, [...path, 'spec'])))
      users.set(key, [...(users.get(key) ?? []), subject])
  }
  return (key) => users.get(key) ?? []
}

function selectedKeys(podSpec: unknown): Set<string> {
  const selector = valueAt(podSpec, ['nodeSelector'])
  const affinity = valueAt(podSpec, ['affinity', 'nodeAffinity'])
  return new Set([...(isObject(selector) ? Object.keys(selector) : []), ...expressionKeys(affinity)])
}

/** Keys of all expressions, required and preferred. */
function expressionKeys(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(expressionKeys)
  if (!isObject(value)) return []
  const own = objectsOf(value.matchExpressions as { key?: unknown }[] | undefined)
  const keys = own.flatMap(({ key }) => (typeof key === 'string' ? [key] : []))
  return [...keys, ...Object.values(value).flatMap(expressionKeys)]
}

function isOver(object: Record<string, unknown>): boolean {
  return object.kind === 'ReplicaSet' ? valueAt(object.spec, ['replicas']) === 0 : isFinished(object)
}
