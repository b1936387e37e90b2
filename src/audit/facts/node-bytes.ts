import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { type Finding, finding } from '../../finding.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { listNames } from '../../plural.ts'
import type { Conditions } from './conditions.ts'
import type { ImageListing } from './images/node-images.ts'
import { nodeListings } from './node-listings.ts'
import { resolvesShortNames } from './short-names.ts'

/** The images on a node as far as its strongest source shows them, in bytes as the runtime counts. */
export interface NodeBytes {
  readonly images: number
  readonly bytes: number
  /** Of images that no audited workload needs and the bundle does not hold. */
  readonly unneeded: number
  /** Whether a list that is complete names no sandbox image. */
  readonly lacksSandbox: boolean
}

/** Sandbox images, as every distribution calls them: each pod needs one, and none names it. */
const PAUSE = /[/-]pause(?:-\w+)?[:@]/
const isPause = (name: string): boolean => name.includes('pause') && PAUSE.test(name)
const ANY_PAUSE = 'registry.k8s.io/pause:3.10'

export function nodeBytes(
  nodes: readonly Node[],
  locked: ReadonlyMap<string, LockedImage>,
  needed: ReadonlySet<string>,
  conditions: Conditions,
): ReadonlyMap<string, NodeBytes> {
  const listingsOf = nodeListings(locked, conditions)
  return new Map(
    nodes.map((node) => {
      const [first] = listingsOf(node)
      const images = first?.images ?? []
      const isNeeded = (name: string) =>
        needed.has(name) || locked.has(name) || name === conditions.sandboxImage || isPause(name)
      const unneeded = images.filter(({ names }) => !names.some(isNeeded))
      const lacksSandbox = first !== undefined && isBare(first, node)
      return [nameOfNode(node), { images: images.length, bytes: sum(images), unneeded: sum(unneeded), lacksSandbox }]
    }),
  )
}

/** CRI-O's sandbox image may be any: OpenShift's is called by a digest of its release. */
function isBare({ images, gap }: ImageListing, node: Node): boolean {
  if (images.length === 0 || gap(ANY_PAUSE) !== undefined || resolvesShortNames(node)) return false
  return !images.some(({ names }) => names.some(isPause))
}

/** Nodes on which no pod starts as far as their lists tell: what their runtimes begin every pod with is not there. */
export function bareNodesFinding(bytes: ReadonlyMap<string, NodeBytes>, conditions: Conditions): Finding[] {
  const bare = [...bytes].flatMap(([node, { lacksSandbox }]) => (lacksSandbox ? [node] : []))
  if (bare.length === 0 || conditions.sandboxImage || servesSandbox(conditions)) return []
  const message = `${listNames(bare)}: the list of images is complete, and names no sandbox (pause) image`
  return [finding('SANDBOX_IMAGE_NOT_LISTED', message)]
}

/** Whether a mirror has some sandbox image; which one the runtimes ask for, nobody told. */
export function servesSandbox({ hasMirror, lock }: Pick<Conditions, 'hasMirror' | 'lock'>): boolean {
  return (
    hasMirror === true && lock !== undefined && lock.images.some(({ names }) => names.some((name) => PAUSE.test(name)))
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
