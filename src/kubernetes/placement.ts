import type { Node } from 'kubernetes-types/core/v1.js'
import { boundPodRefusal, isBound } from './kubelet/bound-pod.ts'
import { firstRefusal, type NodeUse, type Refusal, undecidedFilter } from './scheduler/filters.ts'
import type { SchedulablePod } from './scheduler/schedulable-pod.ts'

/**
 * Why a pod does not come to a node: the scheduler's first filter that says no or, for a pod that is bound to its node,
 * the kubelet's first rule; undefined where none certainly does.
 */
export function placementRefusal(pod: SchedulablePod, node: Node, use?: NodeUse): Refusal | undefined {
  return isBound(pod) ? boundPodRefusal(pod, node, use) : firstRefusal(pod, node, use)
}

/** What may still keep a pod from every node that {@link placementRefusal} lets pass; a bound pod has come already. */
export function undecidedPlacement(pod: SchedulablePod): Refusal | undefined {
  return pod.spec.nodeName ? undefined : undecidedFilter(pod)
}
