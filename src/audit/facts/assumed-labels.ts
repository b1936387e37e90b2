import type { Node } from 'kubernetes-types/core/v1.js'
import { SEEDED } from '../../bundle/format/seed-set.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import type { Conditions } from './conditions.ts'

/** The nodes with the seed labels that they get once they are seeded, where that is assumed of a placement. */
export function withAssumedLabels(
  nodes: readonly Node[],
  { assumeSeeded, placedSets }: Pick<Conditions, 'assumeSeeded' | 'placedSets'>,
): readonly Node[] {
  if (!assumeSeeded || !placedSets) return nodes
  return nodes.map((node) => {
    const placed = placedSets.get(nameOfNode(node)) ?? []
    const added = placed.flatMap(({ label }) => (label === undefined ? [] : [[label, SEEDED] as const]))
    if (added.length === 0) return node
    return {
      ...node,
      metadata: { ...node.metadata, labels: { ...node.metadata?.labels, ...Object.fromEntries(added) } },
    }
  })
}
