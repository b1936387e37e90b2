import { formatPath } from '../kubernetes/documents/path.ts'
import { isObject } from '../kubernetes/objects/resource.ts'
import { templatePathOfPlace } from '../kubernetes/places/placed-workloads.ts'
import type { PodPlace } from '../kubernetes/places/pod-places.ts'
import type { SeedingPlan } from './plan.ts'

/** What `placement.json` says, as far as workloads go. */
export type RecordedWorkloads = Pick<SeedingPlan, 'workloads'>

type NodeSelector = Readonly<Record<string, string>>

/** Whether a value has the form of `placement.json`. */
export function isRecordedWorkloads(value: unknown): value is RecordedWorkloads {
  return isObject(value) && Array.isArray(value.workloads) && value.workloads.every(isObject)
}

/** Gives the node selector that seeding decided on for a workload; a text says why there is none. */
export function recordedSelectors({ workloads }: RecordedWorkloads): (place: PodPlace) => NodeSelector | string {
  const known = new Map<string, Map<string, NodeSelector>>()
  for (const { nodeSelector = {}, ...workload } of workloads) {
    const id = idOf(workload)
    const selectors = known.get(id) ?? new Map<string, NodeSelector>()
    known.set(id, selectors.set(JSON.stringify(nodeSelector), nodeSelector))
  }
  return (place) => {
    const { resource } = place
    const { name } = resource
    const several = known.get(idOf({ ...resource, name: `${name} ${formatPath(templatePathOfPlace(place))}` }))
    const [found, ...others] = (several ?? known.get(idOf(resource)))?.values() ?? []
    if (!found) return 'nodeSelector stays as it is: seed did not see it'
    if (others.length > 0) return 'nodeSelector stays as it is: seed saw several of that name, with different images'
    if (Object.keys(found).length === 0) return 'nodeSelector stays as it is: seed could not place its images'
    return found
  }
}

function idOf({ apiVersion, kind, namespace, name }: Omit<RecordedWorkloads['workloads'][number], 'nodeSelector'>) {
  return JSON.stringify([apiVersion, kind, namespace ?? '', name])
}
