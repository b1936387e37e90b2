import type { Node } from 'kubernetes-types/core/v1.js'
import { boundPodRefusal, isBound } from '../kubelet/bound-pod.ts'
import type { Doubt, Refusal } from '../pods/refusal.ts'
import { undecidedFilters } from '../scheduler/doubts.ts'
import { firstRefusal, type NodeUse } from '../scheduler/filters.ts'
import type { SchedulablePod } from '../scheduler/schedulable-pod.ts'

/**
 * Why a pod does not come to a node: the scheduler's first filter that says no or, for a pod that is bound to its node,
 * the kubelet's first rule; undefined where none certainly does.
 */
export function placementRefusal(pod: SchedulablePod, node: Node, use?: NodeUse): Refusal | undefined {
  return isBound(pod) ? boundPodRefusal(pod, node, use) : firstRefusal(pod, node, use)
}

/** What may still keep a pod from a node that {@link placementRefusal} lets pass; a bound pod meets no scheduler. */
export function placementDoubts(pod: SchedulablePod, knowsAntiAffinity = false): readonly Doubt[] {
  return isBound(pod) ? pod.doubts : [...pod.doubts, ...undecidedFilters(pod, knowsAntiAffinity)]
}
