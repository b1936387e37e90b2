import type { Node } from 'kubernetes-types/core/v1.js'
import { nameOfNode } from '../objects/node.ts'
import { conflicts, formatHostPort, type HostPort } from '../pods/host-port.ts'
import type { Refusal } from '../pods/refusal.ts'
import type { NodeVolumes } from '../storage/node-volumes.ts'
import { lackedFeature } from './node-doubts.ts'
import { nodeMismatch } from './node-selector.ts'
import { type ReservedResources, resourceShortage } from './resource-fit.ts'
import type { SchedulablePod } from './schedulable-pod.ts'
import { formatTaint, type TaintEffect, untoleratedTaint } from './taint.ts'
import { lackedTopologyKey, unmetPodAffinity } from './topology.ts'
import { volumeMismatch } from './volume-fit.ts'

/** What other pods take of a node, as far as it is known. */
export interface NodeUse {
  /** Undefined where the pods on the node are not known. */
  readonly reserved?: ReservedResources
  readonly ports: readonly (HostPort & { readonly pod: string })[]
  /** The pod whose anti-affinity keeps this one away. */
  readonly repelledBy?: string | undefined
  /** Undefined where nothing is known of what its drivers attach. */
  readonly volumes?: NodeVolumes | undefined
}

/** One question about a pod and a node; undefined where nothing is in the way. */
export type Filter = (pod: SchedulablePod, node: Node, use: NodeUse | undefined) => Refusal | undefined

/**
 * The first filter that keeps a pod from a node, in the scheduler's order; undefined when none certainly does.
 * Source: kubernetes 1.36, pkg/scheduler/framework/plugins.
 */
export function firstRefusal(pod: SchedulablePod, node: Node, use?: NodeUse): Refusal | undefined {
  return askAll(FILTERS, pod, node, use)
}

/** The first refusal, in the order of the filters. */
export function askAll(
  filters: readonly Filter[],
  pod: SchedulablePod,
  node: Node,
  use: NodeUse | undefined,
): Refusal | undefined {
  for (const filter of filters) {
    const refusal = filter(pod, node, use)
    if (refusal) return refusal
  }
  return undefined
}

/** Admission comes before every filter. */
export const notAdmitted: Filter = ({ rejection }) =>
  rejection === undefined ? undefined : { reason: 'Admission', message: `the pod is rejected: ${rejection}` }

export const nodeName: Filter = ({ spec }, node) =>
  spec.nodeName && spec.nodeName !== nameOfNode(node)
    ? { reason: 'NodeName', message: `the pod is bound to node ${spec.nodeName}` }
    : undefined

const nodeUnschedulable: Filter = ({ spec }, node) => {
  if (node.spec?.unschedulable !== true) return undefined
  const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
  if (!untoleratedTaint([taint], spec.tolerations, ['NoSchedule'])) return undefined
  return { reason: 'NodeUnschedulable', message: 'the node is unschedulable (cordoned)' }
}

/** Taints with one of the effects that no toleration covers. */
export function taintToleration(effects: readonly TaintEffect[]): Filter {
  return ({ spec }, node) => {
    const taint = untoleratedTaint(node.spec?.taints, spec.tolerations, effects)
    return taint && { reason: 'TaintToleration', message: `untolerated taint ${formatTaint(taint)}` }
  }
}

export const nodeAffinity: Filter = ({ spec }, node) => {
  const message = nodeMismatch(spec, node)
  return message === undefined ? undefined : { reason: 'NodeAffinity', message }
}

export const nodePorts: Filter = (pod, _, use) => {
  const taken = use?.ports.find((port) => pod.hostPorts.some((wanted) => conflicts(wanted, port)))
  return taken && { reason: 'NodePorts', message: `host port ${formatHostPort(taken)} is taken by ${taken.pod}` }
}

export const nodeResourcesFit: Filter = ({ requests }, node, use) => {
  const message = resourceShortage(requests, node, use?.reserved)
  return message === undefined ? undefined : { reason: 'NodeResourcesFit', message }
}

/** The volumes themselves, however many there are: a kubelet counts none. */
export const volumes: Filter = ({ claims }, node) => volumeMismatch(claims, node)

const volumesAndLimits: Filter = ({ claims }, node, use) => volumeMismatch(claims, node, use?.volumes)

export const nodeDeclaredFeatures: Filter = (pod, node) => {
  const lacked = lackedFeature(pod, node)
  return lacked?.isCertain ? { reason: 'NodeDeclaredFeatures', message: lacked.message } : undefined
}

const podTopologySpread: Filter = ({ spec }, node) => {
  const key = lackedTopologyKey(spec, node)
  return key === undefined
    ? undefined
    : { reason: 'PodTopologySpread', message: `the node lacks topology label ${key}` }
}

const interPodAffinity: Filter = ({ spec }, node, use) => {
  if (use?.repelledBy) {
    return {
      reason: 'InterPodAffinity',
      message: `the anti-affinity of live pods such as ${use.repelledBy} keeps it away`,
    }
  }
  const key = unmetPodAffinity(spec, node)
  return key === undefined ? undefined : { reason: 'InterPodAffinity', message: `the node lacks topology label ${key}` }
}

const FILTERS: readonly Filter[] = [
  notAdmitted,
  nodeName,
  nodeUnschedulable,
  taintToleration(['NoSchedule', 'NoExecute']),
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  volumesAndLimits,
  podTopologySpread,
  interPodAffinity,
  nodeDeclaredFeatures,
]
