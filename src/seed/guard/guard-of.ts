import type { Node } from 'kubernetes-types/core/v1.js'
import { SEEDED } from '../../bundle/format/seed-set.ts'
import { kubeletMinor } from '../../kubernetes/objects/node.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { Placement, SeedSet } from '../placement/placement.ts'
import type { SeedLabel } from '../placement/seed-label.ts'
import type { Guard, GuardAction } from './guard-images.ts'

interface Guarding {
  readonly set: string
  readonly labelDomain: string
  readonly operatorNamespaces?: readonly string[]
  readonly previous?:
    | { readonly sets: readonly { readonly label: string; readonly images: readonly string[] }[] }
    | undefined
}

/** What admission is to know of a placement, and of the sets that it takes the place of. */
export function guardOf(
  action: GuardAction,
  { sets }: Placement,
  labels: ReadonlyMap<SeedSet, SeedLabel>,
  workloads: readonly Workload[],
  nodes: readonly Node[],
  { set, labelDomain, operatorNamespaces = [], previous }: Guarding,
): Guard {
  const own = workloads.map(({ resource }) => resource.namespace ?? 'default')
  const namespaces = [...new Set([...own, ...operatorNamespaces])].sort()
  const listed = sets.flatMap((one) => {
    const label = labels.get(one)
    return label ? [{ label, names: one.images.flatMap(({ names }) => names) }] : []
  })
  // Until the last workload has changed over, pods of both start.
  const known = new Set(listed.map(({ label }) => label.key))
  for (const { label, images } of previous?.sets ?? [])
    if (!known.has(label)) listed.push({ label: { key: label, value: SEEDED }, names: [...images] })
  const mutatingApi = nodes.every((node) => (kubeletMinor(node) ?? 0) >= 36) ? 'v1' : 'v1beta1'
  return { action, set, labelPrefix: `${set}.${labelDomain}/`, namespaces, sets: listed, mutatingApi }
}
