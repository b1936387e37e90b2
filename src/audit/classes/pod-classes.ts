import type { LockedImage } from '../../bundle/format/lock.ts'
import { podImages } from '../../kubernetes/objects/pod-images.ts'
import { type PriorityClass, podPriority } from '../../kubernetes/objects/priority-class.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { RuntimeClass } from '../../kubernetes/objects/runtime-class.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { type SchedulablePod, schedulablePod } from '../../kubernetes/scheduler/scheduling.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import { workloadKey } from '../facts/live-pods.ts'
import type { AuditedImage, AuditedPod } from '../verdict/verdict.ts'

/** Workloads whose pods get the same verdict on every node. */
export interface PodClass extends AuditedPod {
  readonly workloads: readonly Workload[]
}

interface PodClassInput {
  readonly workloads: readonly Workload[]
  readonly locked: ReadonlyMap<string, LockedImage>
  readonly runtimeClasses: ReadonlyMap<string, RuntimeClass>
  readonly priorityClasses: readonly PriorityClass[]
  /** By `workloadKey`. */
  readonly running: ReadonlySet<string>
}

/** The classes of equal pods, in the order in which each is first met. */
export function podClasses({ workloads, locked, runtimeClasses, priorityClasses, running }: PodClassInput): PodClass[] {
  const classes = new Map<string, AuditedPod & { workloads: Workload[] }>()
  for (const [index, workload] of workloads.entries()) {
    const pod = schedulablePod(workload, runtimeClasses.get(workload.podSpec.runtimeClassName ?? ''))
    const images = podImages(workload.podSpec).map((image): AuditedImage => {
      const reference = findReference(image.reference)
      const name = reference && criForm(reference)
      return { ...image, name, locked: name === undefined ? undefined : locked.get(name) }
    })
    const osLabel = workload.template.metadata?.labels?.['kubernetes.io/os']
    // Pods that hold host ports are in each other's way, so that no two of them are equal.
    const priority = podPriority(workload.podSpec, priorityClasses)
    const isRunning = running.has(workloadKey(workload.resource))
    const key = JSON.stringify([classKey(pod, images), osLabel, priority, isRunning, holdsPorts(pod) && index])
    const holder = holdsPorts(pod) ? nameOfResource(workload.resource) : undefined
    const known = classes.get(key)
    if (known) known.workloads.push(workload)
    else classes.set(key, { pod, images, osLabel, priority, isRunning, holder, workloads: [workload] })
  }
  return [...classes.values()]
}

/** Whether it is sure on which nodes a pod takes host ports: where its DaemonSet or its nodeName puts it. */
function holdsPorts({ isDaemonSetPod, spec, hostPorts }: SchedulablePod): boolean {
  return hostPorts.length > 0 && (isDaemonSetPod || Boolean(spec.nodeName))
}

function classKey(pod: SchedulablePod, images: readonly AuditedImage[]): unknown[] {
  const { nodeName, nodeSelector, affinity, tolerations, os, topologySpreadConstraints } = pod.spec
  return [
    pod.isDaemonSetPod,
    pod.rejection,
    [nodeName, nodeSelector, affinity, tolerations, os, topologySpreadConstraints],
    [...pod.requests],
    pod.hostPorts,
    images.map(({ reference, policy }) => [reference, policy]),
  ]
}
