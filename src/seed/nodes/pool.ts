import type { Node, NodeSelectorRequirement, NodeSelectorTerm } from 'kubernetes-types/core/v1.js'
import type { Platform } from '../../oci/platform.ts'

/** The taint that keeps pods away from a new node until its images are there. The controller takes it away. */
export const STARTUP_TAINT = 'nodeseed.dev/not-seeded'

const OS = 'kubernetes.io/os'
const ARCH = 'kubernetes.io/arch'
/** Control planes are seldom meant to hold what workers run. */
const ALWAYS = ['node-role.kubernetes.io/control-plane']

type PooledNode = { readonly node: Node; readonly platform: Pick<Platform, 'os' | 'architecture'> }

/**
 * The nodes that are alike: same operating system and architecture, and the same values of some labels. As a term of node
 * affinity, so that a node which joins later belongs to it by what it says of itself.
 */
export function poolTerm({ node, platform }: PooledNode, labelKeys: readonly string[]): NodeSelectorTerm {
  const labels = node.metadata?.labels ?? {}
  const own = [...new Set([...ALWAYS, ...labelKeys])].sort().map((key): NodeSelectorRequirement => {
    const value = labels[key]
    return value === undefined ? { key, operator: 'DoesNotExist' } : { key, operator: 'In', values: [value] }
  })
  return {
    matchExpressions: [
      { key: OS, operator: 'In', values: [platform.os] },
      { key: ARCH, operator: 'In', values: [platform.architecture] },
      ...own,
    ],
  }
}

/** Equal for nodes of one pool. */
export function poolKey(node: PooledNode, labelKeys: readonly string[]): string {
  return JSON.stringify(poolTerm(node, labelKeys))
}

/** A node as it is once it is seeded. */
export function withoutStartupTaint(node: Node): Node {
  const taints = node.spec?.taints?.filter(({ key }) => key !== STARTUP_TAINT)
  return taints && taints.length !== node.spec?.taints?.length ? { ...node, spec: { ...node.spec, taints } } : node
}
