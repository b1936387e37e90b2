import type { LockedImage } from '../inventory.ts'
import { podImages } from '../kubernetes/pod-images.ts'
import { schedulablePod } from '../kubernetes/scheduling.ts'
import type { Workload } from '../kubernetes/workload.ts'
import { criForm, findReference } from '../oci/reference.ts'
import type { AuditedImage, AuditedPod } from './verdict.ts'

/** Workloads whose pods get the same verdict on every node. */
export interface PodClass extends AuditedPod {
  readonly workloads: readonly Workload[]
}

/** The classes of equal pods, in the order in which each is first met. */
export function podClasses(
  workloads: readonly Workload[],
  locked: (name: string) => LockedImage | undefined,
): PodClass[] {
  const classes = new Map<string, AuditedPod & { workloads: Workload[] }>()
  for (const workload of workloads) {
    const pod = schedulablePod(workload)
    const images = podImages(workload.podSpec).map((image): AuditedImage => {
      const reference = findReference(image.reference)
      const name = reference && criForm(reference)
      return { ...image, name, locked: name === undefined ? undefined : locked(name) }
    })
    const key = JSON.stringify([
      pod.isDaemonSetPod,
      pod.spec.nodeName,
      pod.spec.nodeSelector,
      pod.spec.affinity,
      pod.spec.tolerations,
      pod.spec.os,
      images.map(({ reference, policy }) => [reference, policy]),
    ])
    const known = classes.get(key)
    if (known) known.workloads.push(workload)
    else classes.set(key, { pod, images, workloads: [workload] })
  }
  return [...classes.values()]
}
