import { autoscalerOf, takeoverOf } from '../kubernetes/objects/autoscaler.ts'
import type { Resource } from '../kubernetes/objects/resource.ts'
import type { Workload } from '../kubernetes/objects/workload.ts'
import type { ScaleRange } from './facts/conditions.ts'
import { workloadKey } from './facts/live/live-pods.ts'

/** What scales workloads, and what has pods of their templates in their place, by `workloadKey`. */
export function scaleRanges(resources: readonly Resource[]): ReadonlyMap<string, ScaleRange> {
  const ranges = new Map<string, ScaleRange>()
  for (const { target, minReplicas, maxReplicas } of resources.flatMap((resource) => autoscalerOf(resource) ?? [])) {
    const key = workloadKey(target)
    const { least, most } = ranges.get(key) ?? { least: 0, most: 0 }
    ranges.set(key, { least: Math.max(minReplicas, least), most: Math.max(maxReplicas, most) })
  }
  for (const resource of resources) {
    const { target, replicas } = takeoverOf(resource) ?? {}
    if (!target || replicas === undefined) continue
    const { least, most } = ranges.get(workloadKey(resource)) ?? { least: 0, most: 0 }
    const own = { least: Math.max(replicas, least), most: Math.max(replicas, most) }
    ranges.set(workloadKey(target), { ...own, isTakenOver: true })
  }
  return ranges
}

/**
 * A workload with the pods that it will have at least and at most, where something scales it. What has none now stays so,
 * unless pods of its template are made by something else.
 */
export function withScale(workload: Workload, ranges: ReadonlyMap<string, ScaleRange>): Workload {
  const range = ranges.get(workloadKey(workload.resource))
  if (!range) return workload
  const { replicas } = workload
  const most = Math.max(range.most, replicas ?? 0)
  return (replicas === undefined || replicas === 0) && !range.isTakenOver
    ? { ...workload, most }
    : { ...workload, most, replicas: Math.max(replicas ?? 0, range.least) }
}
