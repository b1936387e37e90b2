import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'

/** On a seeding pod: the keys of the labels that its node has once the pod is ready, with commas. */
const LABELS_ANNOTATION = 'nodeseed.dev/labels'

/**
 * Since when a node has what a seed label stands for: since its seeding pod is ready or, where there is none, since
 * whoever set the label last changed the node; null where neither is told.
 */
export function labelledSince(node: Node, label: string, pods: readonly Pod[]): string | null {
  const name = nameOfNode(node)
  const pod = pods.find(({ spec, metadata }) => spec?.nodeName === name && isFor(metadata?.annotations, label))
  const ready = objectsOf(pod?.status?.conditions).find(({ type, status }) => type === 'Ready' && status === 'True')
  if (typeof ready?.lastTransitionTime === 'string') return ready.lastTransitionTime
  const managed = objectsOf(node.metadata?.managedFields).filter(
    ({ fieldsV1 }) => valueAt(fieldsV1, ['f:metadata', 'f:labels', `f:${label}`]) !== undefined,
  )
  return managed.flatMap(({ time }) => (typeof time === 'string' ? [time] : [])).sort()[0] ?? null
}

function isFor(annotations: Readonly<Record<string, string>> | undefined, label: string): boolean {
  return String(annotations?.[LABELS_ANNOTATION] ?? '')
    .split(',')
    .includes(label)
}
