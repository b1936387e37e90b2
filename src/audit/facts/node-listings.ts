import type { Node } from 'kubernetes-types/core/v1.js'
import { isArtifact, type LockedImage } from '../../bundle/format/lock.ts'
import { isSeeded, seedSetDigest } from '../../bundle/format/seed-set.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { compareSet } from './compare-set.ts'
import { type Conditions, type HeldSet, kubeletOf } from './conditions.ts'
import { bundleListing, type ImageListing, runsDocker, statusListing } from './images/node-images.ts'

/**
 * What is known of the images on each node, the strongest source first: the runtime's own list, the node's status, its
 * seed labels. Where seeding is assumed, the bundle's images will come, whatever is there now.
 */
export function nodeListings(
  locked: ReadonlyMap<string, LockedImage>,
  conditions: Conditions,
): (node: Node) => ImageListing[] {
  const { lock, seedSets = [], assumeSeeded, placedSets } = conditions
  const seeded = [...locked].filter(([, image]) => !isArtifact(image)).map(([name]) => name)
  const whole = lock && { digest: seedSetDigest(lock), names: seeded }
  const sets = [...(whole ? [whole] : []), ...seedSets].map((set) => ({
    digest: set.digest,
    usual: heldListing(set, locked),
    docker: heldListing(set, locked, true),
  }))
  const comes = (name: string): typeof sets => {
    if (!whole || !assumeSeeded) return []
    const placed = placedSets?.get(name) ?? (placedSets ? [] : [whole])
    return placed.flatMap(({ digest }) => sets.find((set) => set.digest === digest) ?? [])
  }
  const assumed = new Map(sets.map((set) => [set, { usual: assume(set.usual), docker: assume(set.docker) }]))
  return (node) => {
    const store = runsDocker(node) ? 'docker' : 'usual'
    const labelled = sets.filter(({ digest }) => isSeeded(node.metadata?.labels, digest))
    const coming = comes(nameOfNode(node)).flatMap((set) => assumed.get(set)?.[store] ?? [])
    return [...ownListings(node, conditions), ...coming, ...labelled.map((set) => set[store])]
  }
}

/** What holds a set, with a doubt at each name that stands for another image there than in the bundle, or may do so. */
function heldListing(set: HeldSet, locked: ReadonlyMap<string, LockedImage>, isDocker = false): ImageListing {
  const { strangers } = compareSet(set, locked)
  return bundleListing(set.names, isDocker, (name) =>
    strangers.has(name)
      ? `the bundle is not what set ${set.digest} was made of: ${name} is another image in it`
      : undefined,
  )
}

/** What the runtime and the kubelet list. */
function ownListings(node: Node, conditions: Conditions): ImageListing[] {
  const name = nameOfNode(node)
  const listed = conditions.runtimeListings?.get(name) ?? []
  return [...listed, statusListing(node, kubeletOf(conditions, node).maxImages)]
}

function assume(listing: ImageListing): ImageListing {
  return { ...listing, isBundle: false, isAssumed: true }
}
