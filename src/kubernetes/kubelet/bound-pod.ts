import type { Node } from 'kubernetes-types/core/v1.js'
import type { Refusal } from '../pods/refusal.ts'
import {
  askAll,
  type Filter,
  type NodeUse,
  nodeAffinity,
  nodeDeclaredFeatures,
  nodeName,
  nodePorts,
  nodeResourcesFit,
  notAdmitted,
  taintToleration,
  volumes,
} from '../scheduler/filters.ts'
import { allocatableOf } from '../scheduler/resource-fit.ts'
import type { SchedulablePod } from '../scheduler/schedulable-pod.ts'

/** A pod with `nodeName` never meets the scheduler. */
export function isBound({ spec }: SchedulablePod): boolean {
  return Boolean(spec.nodeName)
}

/**
 * Why a pod that was bound without the scheduler does not run on a node: its DaemonSet's controller makes none for it, or
 * the kubelet refuses it. The kubelet asks some of the scheduler's filters, minds taints that would evict, and drops
 * requests for extended resources that its node does not have; what volumes the pod lacks it waits for.
 * Source: kubernetes 1.37, pkg/kubelet/lifecycle/predicate.go, pkg/controller/daemon.
 */
export function boundPodRefusal(pod: SchedulablePod, node: Node, use?: NodeUse): Refusal | undefined {
  const controller = pod.isDaemonSetPod ? askAll(CONTROLLER_RULES, pod, node, use) : undefined
  return controller ?? askAll(RULES, withoutMissingResources(pod, node), node, use)
}

function withoutMissingResources(pod: SchedulablePod, node: Node): SchedulablePod {
  const allocatable = allocatableOf(node)
  const isKept = (name: string) => !isExtendedResource(name) || allocatable.has(name)
  if ([...pod.requests.keys()].every(isKept)) return pod
  return { ...pod, requests: new Map([...pod.requests].filter(([name]) => isKept(name))) }
}

/** `example.com/gpu`: of no interest to Kubernetes itself. */
function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.')
}

const CONTROLLER_RULES: readonly Filter[] = [
  notAdmitted,
  nodeName,
  nodeAffinity,
  taintToleration(['NoSchedule', 'NoExecute']),
]

const RULES: readonly Filter[] = [
  notAdmitted,
  nodeName,
  nodeAffinity,
  taintToleration(['NoExecute']),
  nodePorts,
  nodeResourcesFit,
  nodeDeclaredFeatures,
  volumes,
]
