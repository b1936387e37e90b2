import type { Node, PodSpec, Toleration } from 'kubernetes-types/core/v1.js'
import { daemonSetTolerations } from './daemon-set.ts'
import { nameOfNode } from './node.ts'
import { nodeMismatch } from './node-selector.ts'
import { objectsOf } from './resource.ts'
import { formatTaint, untoleratedTaint } from './taint.ts'
import type { Workload } from './workload.ts'

/** A pod as the scheduler meets it: with what admission and controllers add to its template. */
export interface SchedulablePod {
  readonly spec: PodSpec
  /** Placed by the DaemonSet controller, which knows nothing of ports, resources and pod affinity. */
  readonly isDaemonSetPod: boolean
}

/** The scheduler's own names of its filters, in the order in which it asks them. */
export type SchedulerFilter = 'NodeUnschedulable' | 'NodeName' | 'TaintToleration' | 'NodeAffinity'

/** Why a pod cannot be placed on a node. */
export interface Refusal {
  readonly reason: SchedulerFilter
  readonly message: string
}

/** Added to each pod by the admission plugin DefaultTolerationSeconds, which is on by default. */
const DEFAULT_TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
]

/** The pod that a workload's template becomes. */
export function schedulablePod({ resource, podSpec }: Pick<Workload, 'resource' | 'podSpec'>): SchedulablePod {
  const isDaemonSetPod = resource.kind === 'DaemonSet'
  const added = isDaemonSetPod ? daemonSetTolerations(podSpec) : []
  const tolerations = [...objectsOf(podSpec.tolerations), ...added, ...DEFAULT_TOLERATIONS]
  return { spec: { ...podSpec, tolerations }, isDaemonSetPod }
}

/**
 * The first filter that keeps a pod from a node, in the scheduler's order; undefined when the pod may run there. A pod
 * with `nodeName` never meets the scheduler: the kubelet of that node checks the selector and NoExecute taints only.
 * Source: kubernetes 1.36, pkg/scheduler/framework/plugins, pkg/kubelet/lifecycle/predicate.go, pkg/controller/daemon.
 */
export function firstRefusal(pod: SchedulablePod, node: Node): Refusal | undefined {
  const { nodeName } = pod.spec
  if (nodeName && nodeName !== nameOfNode(node)) {
    return { reason: 'NodeName', message: `the pod is bound to node ${nodeName}` }
  }
  if (nodeName && !pod.isDaemonSetPod) return nodeAffinity(pod, node) ?? taintToleration(pod, node, ['NoExecute'])
  return (
    nodeUnschedulable(pod, node) ?? taintToleration(pod, node, ['NoSchedule', 'NoExecute']) ?? nodeAffinity(pod, node)
  )
}

function nodeUnschedulable({ spec }: SchedulablePod, node: Node): Refusal | undefined {
  if (node.spec?.unschedulable !== true) return undefined
  const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
  if (!untoleratedTaint([taint], spec.tolerations, ['NoSchedule'])) return undefined
  return { reason: 'NodeUnschedulable', message: 'the node is unschedulable (cordoned)' }
}

function taintToleration(
  { spec }: SchedulablePod,
  node: Node,
  effects: readonly ('NoSchedule' | 'NoExecute')[],
): Refusal | undefined {
  const taint = untoleratedTaint(node.spec?.taints, spec.tolerations, effects)
  return taint && { reason: 'TaintToleration', message: `untolerated taint ${formatTaint(taint)}` }
}

function nodeAffinity({ spec }: SchedulablePod, node: Node): Refusal | undefined {
  const message = nodeMismatch(spec, node)
  return message === undefined ? undefined : { reason: 'NodeAffinity', message }
}
