import type { Node, PodSpec, Toleration } from 'kubernetes-types/core/v1.js'
import { daemonSetTolerations } from '../admission/daemon-set.ts'
import { nameOfNode } from '../objects/node.ts'
import { objectsOf } from '../objects/resource.ts'
import { type RuntimeClass, withRuntimeClass } from '../objects/runtime-class.ts'
import type { Workload } from '../objects/workload.ts'
import { conflicts, formatHostPort, type HostPort, hostPorts } from './host-port.ts'
import { nodeMismatch } from './node-selector.ts'
import { podRequests, type Resources } from './pod-resources.ts'
import { type ReservedResources, resourceShortage } from './resource-fit.ts'
import { formatTaint, untoleratedTaint } from './taint.ts'
import { lackedTopologyKey, unmetPodAffinity } from './topology.ts'

/** A pod as the scheduler meets it: with what admission and controllers add to its template. */
export interface SchedulablePod {
  readonly spec: PodSpec
  /** Placed by the DaemonSet controller, which knows nothing of ports, resources and pod affinity. */
  readonly isDaemonSetPod: boolean
  readonly requests: Resources
  readonly hostPorts: readonly HostPort[]
  /** Why the API server rejects the pod. */
  readonly rejection?: string | undefined
}

/** The scheduler's own names of its filters, in the order in which it asks them. */
export type SchedulerFilter =
  | 'NodeUnschedulable'
  | 'NodeName'
  | 'TaintToleration'
  | 'NodeAffinity'
  | 'NodePorts'
  | 'NodeResourcesFit'
  | 'PodTopologySpread'
  | 'InterPodAffinity'

/** Why a pod cannot be placed on a node. */
export interface Refusal {
  readonly reason: SchedulerFilter
  readonly message: string
}

/** What other pods take of a node, as far as it is known. */
export interface NodeUse {
  /** Undefined where the pods on the node are not known. */
  readonly reserved?: ReservedResources
  readonly ports: readonly (HostPort & { readonly pod: string })[]
}

/** Added to each pod by the admission plugin DefaultTolerationSeconds, which is on by default. */
const DEFAULT_TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
]

/** The pod that a workload's template becomes. */
export function schedulablePod(
  { resource, podSpec }: Pick<Workload, 'resource' | 'podSpec'>,
  runtimeClass?: RuntimeClass,
): SchedulablePod {
  const isDaemonSetPod = resource.kind === 'DaemonSet'
  const added = isDaemonSetPod ? daemonSetTolerations(podSpec) : []
  const merged = runtimeClass ? withRuntimeClass(podSpec, runtimeClass) : { spec: podSpec }
  const tolerations = [...objectsOf(merged.spec.tolerations), ...added, ...DEFAULT_TOLERATIONS]
  const spec = { ...merged.spec, tolerations }
  return { spec, isDaemonSetPod, requests: podRequests(spec), hostPorts: hostPorts(spec), rejection: merged.conflict }
}

/**
 * The first filter that keeps a pod from a node, in the scheduler's order; undefined when none certainly does. A pod
 * with `nodeName` never meets the scheduler: the kubelet of that node checks the selector and NoExecute taints only,
 * then ports and resources. Source: kubernetes 1.36, pkg/scheduler/framework/plugins, pkg/kubelet/lifecycle/predicate.go.
 */
export function firstRefusal(pod: SchedulablePod, node: Node, use?: NodeUse): Refusal | undefined {
  const { spec, rejection } = pod
  if (rejection) return { reason: 'NodeAffinity', message: `the pod is rejected: ${rejection}` }
  if (spec.nodeName && spec.nodeName !== nameOfNode(node)) {
    return { reason: 'NodeName', message: `the pod is bound to node ${spec.nodeName}` }
  }
  const isBound = spec.nodeName && !pod.isDaemonSetPod
  const placed = isBound
    ? (nodeAffinity(pod, node) ?? taintToleration(pod, node, ['NoExecute']))
    : (nodeUnschedulable(pod, node) ??
      taintToleration(pod, node, ['NoSchedule', 'NoExecute']) ??
      nodeAffinity(pod, node))
  const refusal = placed ?? nodePorts(pod, use) ?? nodeResourcesFit(pod, node, use)
  return refusal ?? (isBound ? undefined : (podTopologySpread(pod, node) ?? interPodAffinity(pod, node)))
}

/**
 * Filters that depend on the pods that run, which nobody here knows: the scheduler may still say no to a node that
 * {@link firstRefusal} let pass.
 */
export function undecidedFilter({ spec }: SchedulablePod): Refusal | undefined {
  if (spec.nodeName) return undefined
  const unknown = 'cannot decide: it depends on the pods that run by then'
  if (
    objectsOf(spec.topologySpreadConstraints).some(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule')
  ) {
    return { reason: 'PodTopologySpread', message: `topology spread, ${unknown}` }
  }
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  const required = [podAffinity, podAntiAffinity].flatMap((affinity) =>
    objectsOf(affinity?.requiredDuringSchedulingIgnoredDuringExecution),
  )
  return required.length > 0 ? { reason: 'InterPodAffinity', message: `pod affinity, ${unknown}` } : undefined
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

function nodePorts(pod: SchedulablePod, use: NodeUse | undefined): Refusal | undefined {
  const taken = use?.ports.find((port) => pod.hostPorts.some((wanted) => conflicts(wanted, port)))
  return taken && { reason: 'NodePorts', message: `host port ${formatHostPort(taken)} is taken by ${taken.pod}` }
}

function nodeResourcesFit({ requests }: SchedulablePod, node: Node, use: NodeUse | undefined): Refusal | undefined {
  const message = resourceShortage(requests, node, use?.reserved)
  return message === undefined ? undefined : { reason: 'NodeResourcesFit', message }
}

function podTopologySpread({ spec }: SchedulablePod, node: Node): Refusal | undefined {
  const key = lackedTopologyKey(spec, node)
  return key === undefined
    ? undefined
    : { reason: 'PodTopologySpread', message: `the node lacks topology label ${key}` }
}

function interPodAffinity({ spec }: SchedulablePod, node: Node): Refusal | undefined {
  const key = unmetPodAffinity(spec, node)
  return key === undefined ? undefined : { reason: 'InterPodAffinity', message: `the node lacks topology label ${key}` }
}
