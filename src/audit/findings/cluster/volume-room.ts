import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Resources } from '../../../kubernetes/pods/pod-resources.ts'
import type { SchedulablePod } from '../../../kubernetes/scheduler/schedulable-pod.ts'
import { type CsiVolume, podCsiVolumes } from '../../../kubernetes/storage/csi-volume.ts'
import type { Conditions } from '../../facts/conditions.ts'
import { nodeOfRunning } from '../../facts/live/live-pods.ts'

/** By node: how many volumes each driver with a limit still attaches beside those of pods, in thousandths as resources are. */
export function volumesFree(
  pods: readonly Pod[],
  { storage, completeKinds = new Set() }: Pick<Conditions, 'storage' | 'completeKinds'>,
): ReadonlyMap<string, Resources> {
  const free = new Map<string, Map<string, number>>()
  for (const [node, drivers] of storage?.csiNodes ?? []) {
    const limits = [...drivers].flatMap(([driver, limit]) =>
      limit === undefined ? [] : [[volumesOf(driver), limit * 1000] as const],
    )
    if (limits.length > 0) free.set(node, new Map(limits))
  }
  const seen = new Set<string>()
  for (const pod of free.size > 0 && storage ? pods : []) {
    const node = nodeOfRunning(pod)
    const left = free.get(node ?? '')
    if (!left || !storage) continue
    for (const { driver, id } of podCsiVolumes(pod, storage, completeKinds).volumes) {
      const [key, name] = [`${node} ${id}`, volumesOf(driver)]
      const limit = left.get(name)
      if (limit === undefined || seen.has(key)) continue
      seen.add(key)
      left.set(name, limit - 1000)
    }
  }
  return free
}

/** The volumes that each pod of a workload has for itself, by driver, in thousandths. */
export function ownVolumes({ claims }: SchedulablePod): [name: string, milli: number][] {
  const own = claims[0]?.flatMap(({ isOwn, volume }) => (isOwn && volume ? [volume] : [])) ?? []
  return Array.from(
    Map.groupBy(own, ({ driver }: CsiVolume) => driver),
    ([driver, volumes]) => [volumesOf(driver), volumes.length * 1000],
  )
}

function volumesOf(driver: string): string {
  return `volumes of ${driver}`
}
