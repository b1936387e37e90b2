import type { NodeSelectorRequirement, NodeSelectorTerm, Toleration } from 'kubernetes-types/core/v1.js'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import type { SeedableNode } from './seedable-node.ts'

/** The nodes by their hostname label, which selects many at once; one without it by its name. */
export function termsFor(seedable: readonly SeedableNode[]): NodeSelectorTerm[] {
  const nodes = seedable.map(({ node }) => node)
  const hostnames = nodes.flatMap(({ metadata }) => metadata?.labels?.['kubernetes.io/hostname'] ?? []).sort()
  const nameless = nodes.filter(({ metadata }) => !metadata?.labels?.['kubernetes.io/hostname'])
  const byHostname: NodeSelectorRequirement = { key: 'kubernetes.io/hostname', operator: 'In', values: hostnames }
  return [
    ...(hostnames.length > 0 ? [{ matchExpressions: [byHostname] }] : []),
    ...nameless.map((node) => ({
      matchFields: [{ key: 'metadata.name', operator: 'In', values: [nameOfNode(node)] }],
    })),
  ]
}

/** One toleration for each taint key and effect that a node of the group has; values may change. */
export function tolerationsFor(nodes: readonly SeedableNode[]): Toleration[] {
  const taints = nodes
    .flatMap(({ node }) => node.spec?.taints ?? [])
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
  const byKey = new Map(taints.map(({ key, effect }) => [`${key}:${effect}`, { key, operator: 'Exists', effect }]))
  return [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? [])
}
