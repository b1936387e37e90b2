import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { isSeeded, seedSetDigest } from '../../bundle/format/seed-set.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { type Conditions, kubeletOf } from './conditions.ts'
import { bundleListing, type ImageListing, statusListing } from './images/node-images.ts'

/**
 * What is known of the images on each node, the strongest source first: the runtime's own list, the node's status, its
 * seed labels. Where seeding is assumed, the bundle's images will come, whatever is there now.
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
  const assumed = whole && assumeSeeded ? [{ ...whole.listing, isBundle: false, isAssumed: true }] : []
  return (node) => {
    const name = nameOfNode(node)
    const seeded = sets.filter(({ digest }) => isSeeded(node.metadata?.labels, digest))
    return [
      ...(runtimeListings?.get(name) ?? []),
      statusListing(node, kubeletOf(conditions, name).maxImages),
      ...assumed,
      ...seeded.map(({ listing }) => listing),
    ]
  }
}
