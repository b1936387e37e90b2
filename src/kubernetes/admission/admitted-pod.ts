import type { PodSpec, Toleration } from 'kubernetes-types/core/v1.js'
import type { PriorityClass } from '../objects/priority-class.ts'
import { objectsOf } from '../objects/resource.ts'
import type { RuntimeClass } from '../objects/runtime-class.ts'
import type { Workload } from '../objects/workload.ts'
import { daemonSetTolerations } from './daemon-set.ts'
import { podPriority } from './priority.ts'
import { withRuntimeClass } from './runtime-class.ts'

/** A pod as the API server stores it: with what controllers and admission add to its template. */
export interface AdmittedPod {
  readonly spec: PodSpec
  /** Placed by the DaemonSet controller, which knows nothing of ports, resources and pod affinity. */
  readonly isDaemonSetPod: boolean
  /** The pod's own label `kubernetes.io/os`, which the kubelet compares with its node's. */
  readonly osLabel?: string | undefined
  /** Pods of a lower one may have to make room. */
  readonly priority: number
  /** Why the API server rejects the pod. */
  readonly rejection?: string | undefined
}

/** The objects of the cluster that admission asks about. */
export interface AdmissionFacts {
  /** By name; a class that is not among them may exist all the same. */
  readonly runtimeClasses?: ReadonlyMap<string, RuntimeClass>
  readonly priorityClasses?: readonly PriorityClass[]
}

/** Added to each pod by the admission plugin DefaultTolerationSeconds, which is on by default. */
const DEFAULT_TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
]

/** The pod that a workload's template becomes. */
export function admittedPod(
  { resource, podSpec, template }: Pick<Workload, 'resource' | 'podSpec' | 'template'>,
  { runtimeClasses, priorityClasses = [] }: AdmissionFacts = {},
): AdmittedPod {
  const isDaemonSetPod = resource.kind === 'DaemonSet'
  const added = isDaemonSetPod ? daemonSetTolerations(podSpec) : []
  const runtimeClass = runtimeClasses?.get(podSpec.runtimeClassName ?? '')
  const merged = runtimeClass ? withRuntimeClass(podSpec, runtimeClass) : { spec: podSpec }
  const tolerations = [...objectsOf(merged.spec.tolerations), ...added, ...DEFAULT_TOLERATIONS]
  return {
    spec: { ...merged.spec, tolerations },
    isDaemonSetPod,
    osLabel: template.metadata?.labels?.['kubernetes.io/os'],
    priority: podPriority(podSpec, priorityClasses),
    rejection: merged.conflict,
  }
}
