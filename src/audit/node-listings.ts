import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../inventory.ts'
import { nameOfNode } from '../kubernetes/node.ts'
import { isSeeded, seedSetDigest } from '../seed-set.ts'
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
  const { lock, assumeSeeded, runtimeListings } = conditions
  const bundle = lock && { digest: seedSetDigest(lock), listing: bundleListing(locked.keys()) }
  return (node) => {
    const name = nameOfNode(node)
    const runtime = runtimeListings?.get(name) ?? []
    const listings = [
      ...runtime.map((list) => (assumeSeeded ? { ...list, isFinal: false } : list)),
      statusListing(node, kubeletOf(conditions, name).maxImages),
    ]
    if (bundle && (assumeSeeded || isSeeded(node.metadata?.labels, bundle.digest))) listings.push(bundle.listing)
    return listings
  }
}
