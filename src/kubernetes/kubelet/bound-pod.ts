import type { Node } from 'kubernetes-types/core/v1.js'
import type { Refusal } from '../pods/refusal.ts'
import {
  askAll,
  type Filter,
  type NodeUse,
  nodeAffinity,
  nodeName,
  nodePorts,
  nodeResourcesFit,
  notAdmitted,
  taintToleration,
} from '../scheduler/filters.ts'
import type { SchedulablePod } from '../scheduler/schedulable-pod.ts'

/** A pod with `nodeName` never meets the scheduler. A DaemonSet's pod meets the rules of its controller all the same. */
export function isBound({ spec, isDaemonSetPod }: SchedulablePod): boolean {
  return Boolean(spec.nodeName) && !isDaemonSetPod
}

/**
 * Why the kubelet of its node refuses a pod that was bound without the scheduler: it asks some of the scheduler's
 * filters, and minds taints that would evict. Source: kubernetes 1.36, pkg/kubelet/lifecycle/predicate.go.
 */
export function boundPodRefusal(pod: SchedulablePod, node: Node, use?: NodeUse): Refusal | undefined {
  return askAll(RULES, pod, node, use)
}

const RULES: readonly Filter[] = [
  notAdmitted,
  nodeName,
  nodeAffinity,
  taintToleration(['NoExecute']),
  nodePorts,
  nodeResourcesFit,
]
