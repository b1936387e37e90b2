import type { NodeSelectorTerm } from 'kubernetes-types/core/v1.js'
import { digestOf } from '../../oci/digest.ts'
import type { SeedableNode } from './seedable-node.ts'

/** Nodes that one DaemonSet can seed: same architecture, runtime and sandbox image, and the same seed sets. */
export interface NodeGroup extends Omit<SeedableNode, 'name' | 'node' | 'method'> {
  /** A DNS label, such as `amd64-containerd`. */
  readonly name: string
  readonly nodes: readonly SeedableNode[]
  /** Digests of the seed sets that these nodes are to hold. */
  readonly sets: readonly string[]
  /** Selects these nodes and those like them that join later; without it they are selected by name. */
  readonly pool?: NodeSelectorTerm
}

/** What a set is called that nobody named. */
const UNNAMED = 'images'
/** With what follows it, a prefix of this length makes no label that is too long. */
const MAX_SET_NAME = 32

/** Keeps the DaemonSets of sets with other names apart, in one namespace: what of a name stands before that of a group. */
export function groupPrefix(set: string): string {
  if (set === UNNAMED) return ''
  if (set.length <= MAX_SET_NAME) return `${set}-`
  return `${set.slice(0, MAX_SET_NAME - 9)}-${digestOf(set).slice('sha256:'.length, 'sha256:'.length + 8)}-`
}

/** Puts nodes together that one DaemonSet can seed, in the order of the nodes. Nodes without any set are left out. */
export function groupNodes(
  nodes: readonly SeedableNode[],
  setsOf: (node: SeedableNode) => readonly string[],
  { poolOf = () => '', prefix = '' }: { poolOf?: ((node: SeedableNode) => string) | undefined; prefix?: string } = {},
): NodeGroup[] {
  const groups = new Map<string, Omit<NodeGroup, 'name' | 'nodes'> & { nodes: SeedableNode[] }>()
  for (const seedable of nodes) {
    const sets = setsOf(seedable)
    if (sets.length === 0) continue
    const { platform, runtime, sandboxImage, needsLib64 } = seedable
    const key = JSON.stringify([platform, runtime.name, sandboxImage, needsLib64, sets, poolOf(seedable)])
    const group = groups.get(key)
    if (group) group.nodes.push(seedable)
    else groups.set(key, { platform, runtime, sandboxImage, needsLib64, sets, nodes: [seedable] })
  }
  return named([...groups.values()], prefix)
}

function named(groups: Omit<NodeGroup, 'name'>[], prefix: string): NodeGroup[] {
  const seen = new Map<string, number>()
  return groups.map((group) => {
    const base = `${prefix}${group.platform.architecture}-${group.runtime.name}`
    const count = (seen.get(base) ?? 0) + 1
    seen.set(base, count)
    return { ...group, name: count === 1 ? base : `${base}-${count}` }
  })
}
