import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Path } from '../../kubernetes/documents/path.ts'
import { podImages } from '../../kubernetes/objects/pod-images.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { criForm, findReference } from '../../oci/reference.ts'

/** A text to be set in a resource, at a path from the resource. */
export interface PodEdit {
  readonly path: Path
  readonly value: string
}

export interface EditOptions {
  /** Added to what the workload selects by already. */
  readonly nodeSelector?: Readonly<Record<string, string>>
  /** Set where the effective policy is one that needs a registry or, for Never, might ask one. */
  readonly policy?: 'IfNotPresent' | 'Never'
  /** Images whose digest is written behind the reference, by the name that a runtime looks for. */
  readonly pins?: ReadonlyMap<string, LockedImage>
}

/** What has to change in a workload; nothing that is as it should be. */
export function podEdits(workload: Workload, { nodeSelector = {}, policy, pins }: EditOptions): PodEdit[] {
  const specPath = [...workload.templatePath, 'spec']
  const selected = workload.podSpec.nodeSelector ?? {}
  const selectors = Object.entries(nodeSelector)
    .filter(([key, value]) => selected[key] !== value)
    .map(([key, value]) => ({ path: [...specPath, 'nodeSelector', key], value }))
  const images = podImages(workload.podSpec).flatMap(({ reference, policy: effective, path }) => {
    const policyPath = [...path.slice(0, -1), path[0] === 'volumes' ? 'pullPolicy' : 'imagePullPolicy']
    const pinned = pins && pin(reference, pins)
    return [
      ...(pinned ? [{ path: [...specPath, ...path], value: pinned }] : []),
      ...(policy && mustChange(effective, policy) ? [{ path: [...specPath, ...policyPath], value: policy }] : []),
    ]
  })
  return [...selectors, ...images]
}

/** IfNotPresent leaves Never alone, which asks for even less. */
function mustChange(effective: string, policy: 'IfNotPresent' | 'Never'): boolean {
  return policy === 'Never' ? effective !== 'Never' : effective === 'Always'
}

/** The reference with the digest that the lock has for it; undefined when it has one already, or the lock does not know it. */
function pin(reference: string, pins: ReadonlyMap<string, LockedImage>): string | undefined {
  const parsed = findReference(reference)
  const image = parsed && !parsed.digest && pins.get(criForm(parsed))
  return image ? `${reference}@${image.target.digest}` : undefined
}
