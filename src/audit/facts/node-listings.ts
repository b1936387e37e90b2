import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { isSeeded, seedSetDigest } from '../../bundle/format/seed-set.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { type Conditions, kubeletOf } from './conditions.ts'
import { bundleListing, type ImageListing, runsDocker, statusListing } from './images/node-images.ts'

/**
 * What is known of the images on each node, the strongest source first: the runtime's own list, the node's status, its
 * seed labels. Where seeding is assumed, the bundle's images will come, whatever is there now.
 */
export function nodeListings(
  locked: ReadonlyMap<string, LockedImage>,
  conditions: Conditions,
): (node: Node) => ImageListing[] {
  const { lock, seedSets, assumeSeeded } = conditions
  const sets = [...(lock ? [{ digest: seedSetDigest(lock), names: [...locked.keys()] }] : []), ...(seedSets ?? [])].map(
    ({ digest, names }) => ({ digest, usual: bundleListing(names), docker: bundleListing(names, true) }),
  )
  const whole = lock && assumeSeeded ? sets[0] : undefined
  const assumed = whole && { usual: assume(whole.usual), docker: assume(whole.docker) }
  return (node) => {
    const store = runsDocker(node) ? 'docker' : 'usual'
    const seeded = sets.filter(({ digest }) => isSeeded(node.metadata?.labels, digest))
    return [...ownListings(node, conditions), ...(assumed ? [assumed[store]] : []), ...seeded.map((set) => set[store])]
  }
}

/** What the runtime and the kubelet list. */
function ownListings(node: Node, conditions: Conditions): ImageListing[] {
  const name = nameOfNode(node)
  const listed = conditions.runtimeListings?.get(name) ?? []
  return [...listed, statusListing(node, kubeletOf(conditions, name).maxImages)]
}

function assume(listing: ImageListing): ImageListing {
  return { ...listing, isBundle: false, isAssumed: true }
}
