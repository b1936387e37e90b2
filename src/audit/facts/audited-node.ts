import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { withConditionTaints } from '../../kubernetes/kubelet/condition-taints.ts'
import type { KubeletSettings } from '../../kubernetes/objects/kubelet-config.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import type { NodeUse } from '../../kubernetes/scheduler/filters.ts'
import { podCsiVolumes } from '../../kubernetes/storage/csi-volume.ts'
import { lowestLimits, type NodeVolumes, nodeVolumes } from '../../kubernetes/storage/node-volumes.ts'
import { type Conditions, kubeletOf } from './conditions.ts'
import { driftedDigest } from './images/drift.ts'
import type { ImageListing } from './images/node-images.ts'
import { lackingPresences, type Presence, plainPresences, presenceOf, presencesOf } from './images/presence.ts'
import { failingImages } from './live/failing-images.ts'
import { type LiveUse, NO_USE, nodeUses } from './live/live-pods.ts'
import { nodeListings } from './node-listings.ts'

/** A node, and how to look up the images on it. */
export interface AuditedNode {
  readonly node: Node
  readonly presenceOf: (name: string) => Presence
  /** The same for names with a place each in the answer. */
  readonly presencesOf: (places: ReadonlyMap<string, number>) => readonly Presence[]
  /** What live pods take of it. */
  readonly use: LiveUse | undefined
  /** Host ports that other audited pods are sure to take. */
  readonly claimed?: NodeUse['ports']
  /** What its drivers attach; of volumes those that VolumeAttachments name. */
  readonly volumes?: NodeVolumes | undefined
  readonly kubelet: KubeletSettings
}

/** The nodes with all that is known of each. */
export function* auditedNodes(
  nodes: readonly Node[],
  locked: ReadonlyMap<string, LockedImage>,
  conditions: Conditions,
): Generator<AuditedNode> {
  const listingsOf = nodeListings(locked, conditions)
  const { storage, completeKinds = new Set() } = conditions
  const lowest = storage && lowestLimits(storage)
  const asksVolumes = storage && lowest && [...lowest.values()].some((limit) => limit !== undefined)
  const uses =
    conditions.livePods &&
    nodeUses(conditions.livePods, asksVolumes ? (pod) => podCsiVolumes(pod, storage, completeKinds) : undefined)
  const failing = failingImages(conditions.livePods ?? [])
  const watched = new Map(
    [...locked].filter(([, { platforms }]) =>
      platforms.some(({ config }) => conditions.imageUsers?.has(config.digest)),
    ),
  )
  const plain = plainPresences()
  const lacking = lackingPresences(plain)
  for (const node of nodes.map(withConditionTaints)) {
    const listings = listingsOf(node)
    const name = nameOfNode(node)
    const use = uses && (uses.get(name) ?? NO_USE)
    const kubelet = kubeletOf(conditions, node)
    const failures = failing.get(name)
    yield {
      ...{ node, use, kubelet },
      ...(storage && lowest && { volumes: nodeVolumes(name, storage, completeKinds, lowest) }),
      presenceOf: (image) =>
        withDrift(image, presenceOf(image, listings, failures?.get(image), plain), listings, watched),
      presencesOf: (places) => {
        const presences = presencesOf(places, listings, failures, plain, lacking)
        for (const image of watched.keys()) {
          const place = places.get(image)
          const presence = place === undefined ? undefined : presences[place]
          if (place !== undefined && presence) presences[place] = withDrift(image, presence, listings, watched)
        }
        return presences
      },
    }
  }
}

function withDrift(
  name: string,
  presence: Presence,
  listings: readonly ImageListing[],
  watched: ReadonlyMap<string, LockedImage>,
): Presence {
  const image = watched.get(name)
  // What seeding will bring takes the place of what is there.
  if (!image || !presence.present || listings.some((list) => list.isAssumed && list.byName.has(name))) return presence
  const own = listings.filter(({ isBundle }) => !isBundle)
  return own.some((list) => driftedDigest(name, list, image) !== undefined)
    ? { ...presence, isDrifted: true }
    : presence
}
