import { asksOfNode } from '../../kubernetes/kubelet/node-support.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { type AuditedPod, auditedPod, type PodFacts } from './audited-pod.ts'

/** Workloads whose pods get the same verdict on every node. */
export interface PodClass extends AuditedPod {
  readonly workloads: readonly Workload[]
}

/** The classes of equal pods, in the order in which each is first met. */
export function podClasses(workloads: readonly Workload[], facts: PodFacts): PodClass[] {
  const classes = new Map<string, AuditedPod & { workloads: Workload[] }>()
  for (const [index, workload] of workloads.entries()) {
    const audited = auditedPod(workload, facts)
    // Pods that hold host ports are in each other's way, so that no two of them are equal.
    const key = JSON.stringify([podKey(audited), audited.holder !== undefined && index])
    const known = classes.get(key)
    if (known) known.workloads.push(workload)
    else classes.set(key, { ...audited, workloads: [workload] })
  }
  return [...classes.values()]
}

function podKey({ pod, images, isRunning, doubts, hazards, repelledBy, separation, aligned }: AuditedPod): unknown[] {
  const { nodeName, nodeSelector, affinity, tolerations, os, topologySpreadConstraints } = pod.spec
  return [
    [pod.isDaemonSetPod, pod.rejection, pod.labels['kubernetes.io/os'], pod.priority, pod.preempts, isRunning],
    [...doubts, ...hazards].map(({ message }) => message),
    [nodeName, nodeSelector, affinity, tolerations, os, topologySpreadConstraints],
    [...pod.requests],
    [pod.neededFeatures, asksOfNode(pod) && [pod.spec, pod.handler]],
    [separation, aligned, pod.hostPorts, repelledBy.map(({ term, isCertain }) => [term.key, isCertain])],
    pod.claims.map((claims) => claims.map((state) => [state.claim, state.is, state.volume?.driver])),
    images.map(({ reference, policy, policyFrom, asksUser }) => [reference, policy, policyFrom, asksUser]),
  ]
}
