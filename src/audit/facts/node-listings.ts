import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { isSeeded, seedSetDigest } from '../../bundle/format/seed-set.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { type Conditions, kubeletOf } from './conditions.ts'
import { bundleListing, type ImageListing, statusListing } from './node-images.ts'

/**
 * What is known of the images on each node, the strongest source first: the runtime's own list, the node's status, the
 * seed label. Where seeding is assumed, no list is final, because the bundle's images will come.
 */
export function nodeListings(
  locked: ReadonlyMap<string, LockedImage>,
  conditions: Conditions,
): (node: Node) => ImageListing[] {
  const { lock, seedSets, assumeSeeded, runtimeListings } = conditions
  const whole = lock && { digest: seedSetDigest(lock), listing: bundleListing(locked.keys()) }
  const sets = [
    ...(whole ? [whole] : []),
    ...(seedSets ?? []).map(({ digest, names }) => ({ digest, listing: bundleListing(names) })),
  ]
  return (node) => {
    const name = nameOfNode(node)
    const runtime = runtimeListings?.get(name) ?? []
    const listings = [
      ...runtime.map((list) => (assumeSeeded ? { ...list, isFinal: false } : list)),
      statusListing(node, kubeletOf(conditions, name).maxImages),
    ]
    if (whole && assumeSeeded) return [...listings, whole.listing]
    const seeded = sets.filter(({ digest }) => isSeeded(node.metadata?.labels, digest))
    return [...listings, ...seeded.map(({ listing }) => listing)]
  }
}
