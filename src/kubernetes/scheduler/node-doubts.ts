import type { Node } from 'kubernetes-types/core/v1.js'
import { kubeletMinor } from '../objects/node.ts'
import type { Doubt } from '../pods/refusal.ts'
import type { SchedulablePod } from './schedulable-pod.ts'
import { evictingTaint, formatTaint } from './taint.ts'

/** From this version on every scheduler asks what nodes declare. */
const DECLARED_FEATURES_MINOR = 37

/** A feature that a pod needs and a node does not declare, and whether that is certain to keep it away. */
export function lackedFeature(
  { neededFeatures }: SchedulablePod,
  node: Node,
): { message: string; isCertain: boolean } | undefined {
  if (neededFeatures.length === 0) return undefined
  const { declaredFeatures } = (node.status ?? {}) as { declaredFeatures?: unknown }
  const declared: readonly unknown[] = Array.isArray(declaredFeatures) ? declaredFeatures : []
  const lacked = neededFeatures.find(({ name }) => !declared.includes(name))
  if (!lacked) return undefined
  const minor = kubeletMinor(node)
  // The API server, and so the scheduler, is at least as new as the kubelet.
  const isCertain = minor !== undefined && minor >= Math.max(DECLARED_FEATURES_MINOR, lacked.since)
  return { message: `the node does not declare the feature ${lacked.name}`, isCertain }
}

/** What nobody here can tell of a pod on one node, because the node does not tell. */
export function nodeDoubts(pod: SchedulablePod, node: Node): Doubt[] {
  const lacked = lackedFeature(pod, node)
  const evicting = evictingTaint(node.spec?.taints, pod.spec.tolerations, pod.isDaemonSetPod)
  return [
    ...(evicting
      ? [
          {
            reason: 'TaintToleration',
            message: `taint ${formatTaint(evicting.taint)} evicts it after ${evicting.seconds} s`,
          } as const,
        ]
      : []),
    ...(node.metadata?.deletionTimestamp
      ? [{ reason: 'NodeUnschedulable', message: 'the node is being deleted' } as const]
      : []),
    ...(tellsResources(node)
      ? []
      : [{ reason: 'NodeResourcesFit', message: 'the node does not tell what pods can have of it' } as const]),
    ...(lacked && !lacked.isCertain ? [{ reason: 'NodeDeclaredFeatures', message: lacked.message } as const] : []),
  ]
}

function tellsResources({ status }: Node): boolean {
  return (status?.allocatable ?? status?.capacity)?.pods !== undefined
}
