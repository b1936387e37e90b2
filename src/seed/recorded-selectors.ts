import { formatPath } from '../kubernetes/documents/path.ts'
import { isObject } from '../kubernetes/objects/resource.ts'
import { templatePathOfPlace } from '../kubernetes/places/placed-workloads.ts'
import type { PodPlace } from '../kubernetes/places/pod-places.ts'
import { criForm, findReference } from '../oci/reference.ts'
import { isRecordedSet } from './placement/recorded-sets.ts'
import type { SeedingPlan } from './plan.ts'

/** What `placement.json` says, as far as workloads go, and what sets hold. */
export interface RecordedWorkloads extends Pick<SeedingPlan, 'workloads'> {
  readonly sets?: readonly unknown[]
}

type NodeSelector = Readonly<Record<string, string>>

/** Whether a value has the form of `placement.json`. */
export function isRecordedWorkloads(value: unknown): value is RecordedWorkloads {
  return isObject(value) && Array.isArray(value.workloads) && value.workloads.every(isObject)
}

/** What seeding decided on for a pod, and which of its images the nodes are not said to hold. */
export function placementOf(recorded: RecordedWorkloads): (place: PodPlace) => {
  readonly nodeSelector: NodeSelector | string
  readonly unheld: readonly string[]
} {
  const selectorOf = recordedSelectors(recorded)
  const unheldBy = unheldImages(recorded)
  return (place) => {
    const nodeSelector = selectorOf(place)
    return { nodeSelector, unheld: typeof nodeSelector === 'string' ? [] : unheldBy(place, nodeSelector) }
  }
}

/** Gives the node selector that seeding decided on for a workload; a text says why there is none. */
function recordedSelectors({ workloads }: RecordedWorkloads): (place: PodPlace) => NodeSelector | string {
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

/**
 * The images of a pod that nodes with a selector of the placement are not said to hold: those that it did not name when
 * seed saw it, and those that the bundle does not have. Empty where the placement does not say what its sets hold.
 */
function unheldImages({ sets = [] }: RecordedWorkloads): (place: PodPlace, selector: NodeSelector) => string[] {
  const held = new Map(sets.filter(isRecordedSet).map(({ label, images }) => [label, new Set(images)]))
  return ({ images }, selector) => {
    const selected = Object.keys(selector).flatMap((key) => held.get(key) ?? [])
    if (selected.length === 0) return []
    const unheld = images.filter(({ reference }) => {
      const parsed = findReference(reference)
      return !parsed || !selected.some((names) => names.has(criForm(parsed)))
    })
    return [...new Set(unheld.map(({ reference }) => reference))]
  }
}

function idOf({ apiVersion, kind, namespace, name }: Omit<RecordedWorkloads['workloads'][number], 'nodeSelector'>) {
  return JSON.stringify([apiVersion, kind, namespace ?? '', name])
}
