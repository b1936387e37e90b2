import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { type Finding, finding } from '../../finding.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import type { Conditions } from './conditions.ts'
import { nodeListings } from './node-listings.ts'

/** The images on a node as far as its strongest source shows them, in bytes as the runtime counts. */
export interface NodeBytes {
  readonly images: number
  readonly bytes: number
  /** Of images that no audited workload needs and the bundle does not hold. */
  readonly unneeded: number
}

/** Sandbox images, as every distribution calls them: each pod needs one, and none names it. */
const PAUSE = /[/-]pause(?:-\w+)?[:@]/

export function nodeBytes(
  nodes: readonly Node[],
  locked: ReadonlyMap<string, LockedImage>,
  needed: ReadonlySet<string>,
  conditions: Conditions,
): ReadonlyMap<string, NodeBytes> {
  const listingsOf = nodeListings(locked, conditions)
  return new Map(
    nodes.map((node) => {
      const [{ images } = { images: [] }] = listingsOf(node)
      const isNeeded = (name: string) =>
        needed.has(name) || locked.has(name) || name === conditions.sandboxImage || PAUSE.test(name)
      const unneeded = images.filter(({ names }) => !names.some(isNeeded))
      return [nameOfNode(node), { images: images.length, bytes: sum(images), unneeded: sum(unneeded) }]
    }),
  )
}

/** What could be deleted, told once for the whole cluster. */
export function unneededFinding(bytes: ReadonlyMap<string, NodeBytes>): Finding[] {
  const nodes = [...bytes].filter(([, { unneeded }]) => unneeded > 0).sort(([, a], [, b]) => b.unneeded - a.unneeded)
  const [most] = nodes
  if (!most) return []
  const total = nodes.reduce((all, [, { unneeded }]) => all + unneeded, 0)
  const message = `${formatBytes(total)} on ${nodes.length} nodes are of images that no audited workload needs; most on ${most[0]}: ${formatBytes(most[1].unneeded)}`
  return [finding('IMAGES_NOT_NEEDED', message)]
}

function sum(images: readonly { readonly bytes: number }[]): number {
  return images.reduce((total, { bytes }) => total + bytes, 0)
}
