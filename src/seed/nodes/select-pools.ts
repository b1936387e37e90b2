import { type Finding, finding } from '../../finding.ts'
import { listNames } from '../../plural.ts'
import type { NodeGroup } from './node-group.ts'
import { poolKey, poolTerm } from './pool.ts'
import type { SeedableNode } from './seedable-node.ts'

/**
 * Gives each group that is a whole pool the term that selects it. Nodes of one pool that need pods of different kinds, or
 * different images, can only be told apart by name; that is said, because a node that joins them gets nothing.
 */
export function selectPools(
  groups: readonly NodeGroup[],
  seedable: readonly SeedableNode[],
  labelKeys: readonly string[],
): { groups: NodeGroup[]; findings: Finding[] } {
  const inPool = Map.groupBy(seedable, (node) => poolKey(node, labelKeys))
  const findings: Finding[] = []
  const selected = groups.map((group): NodeGroup => {
    const [first] = group.nodes
    const members = first ? (inPool.get(poolKey(first, labelKeys)) ?? []) : []
    const names = new Set(group.nodes.map(({ name }) => name))
    if (first && members.length === names.size && members.every(({ name }) => names.has(name))) {
      return { ...group, pool: poolTerm(first, labelKeys) }
    }
    const message = `nodes of group ${group.name} are seeded by name (${listNames([...names])}): others of their pool differ in runtime, sandbox image or images, and a node that joins it gets nothing`
    findings.push(finding('POOL_MIXED', message))
    return group
  })
  return { groups: selected, findings }
}
