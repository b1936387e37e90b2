import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { SEEDED, seedSetDigest } from '../../bundle/format/seed-set.ts'
import { nameOfNode, platformOfNode } from '../../kubernetes/objects/node.ts'
import { compareSet } from './compare-set.ts'
import type { Conditions, HeldSet } from './conditions.ts'
import { driftedDigest } from './images/drift.ts'
import type { ImageListing, ListedImage } from './images/node-images.ts'
import { labelledSince } from './labelled-since.ts'
import { nodeListings } from './node-listings.ts'
import { fitsPlatform } from './platform-blobs.ts'

/**
 * `held`: every name is there as the set has it. `incomplete`: one is missing, or is another image. `unverified`: nobody
 * can tell. `unlabelled`: the node is to hold it, and has no label that says so.
 */
export type SetState = 'held' | 'incomplete' | 'unverified' | 'unlabelled'

/** How it stands with one seed set on one node. Names are in CRI form. */
export interface NodeSet {
  readonly digest: string
  /** Key of its label. */
  readonly label: string
  readonly state: SetState
  /** When the label was set, or its seeding pod became ready; null where nothing tells. ISO 8601. */
  readonly since: string | null
  /** How many names it has for the node's platform; null where nothing says what it holds. */
  readonly names: number | null
  readonly missing: readonly string[]
  /** Another image by that name. */
  readonly drifted: readonly string[]
  /** What the kubelet's garbage collection may delete. */
  readonly unpinned: readonly string[]
}

export interface NodeSeeding {
  readonly node: string
  readonly sets: readonly NodeSet[]
}

const SET_KEY = /\/([0-9a-f]{16})$/

/** Which sets each node holds by its labels, or is to hold by the placement, and what is there of them. */
export function nodeSeedings(
  nodes: readonly Node[],
  locked: ReadonlyMap<string, LockedImage>,
  conditions: Conditions,
): NodeSeeding[] {
  const { lock, seedSets = [], placedSets, livePods = [] } = conditions
  const whole: HeldSet[] = lock ? [{ digest: seedSetDigest(lock), names: [...locked.keys()] }] : []
  const known = new Map([...whole, ...seedSets].map((set) => [set.digest, set]))
  const listingsOf = nodeListings(locked, conditions)
  return nodes.map((node) => {
    const labels = Object.entries(node.metadata?.labels ?? {})
    const held = labels.flatMap(([key, value]) => {
      const digest = value === SEEDED ? SET_KEY.exec(key)?.[1] : undefined
      return digest === undefined ? [] : [{ digest, label: key }]
    })
    const placed = (placedSets?.get(nameOfNode(node)) ?? []).flatMap(({ digest, label }) =>
      label === undefined || held.some((one) => one.label === label) ? [] : [{ digest, label }],
    )
    const listings = listingsOf(node).filter(({ isBundle, isAssumed }) => !isBundle && !isAssumed)
    const stateOf = (one: { digest: string; label: string }, isLabelled: boolean): NodeSet => {
      const set = known.get(one.digest)
      const found = set ? lookFor(set, node, listings, locked) : UNKNOWN
      const state = isLabelled ? found.state : 'unlabelled'
      return { ...one, ...found, state, since: isLabelled ? labelledSince(node, one.label, livePods) : null }
    }
    return {
      node: nameOfNode(node),
      sets: [...held.map((one) => stateOf(one, true)), ...placed.map((one) => stateOf(one, false))],
    }
  })
}

type Found = Omit<NodeSet, 'digest' | 'label' | 'since'>

const UNKNOWN: Found = { state: 'unverified', names: null, missing: [], drifted: [], unpinned: [] }

function lookFor(
  set: HeldSet,
  node: Node,
  listings: readonly ImageListing[],
  locked: ReadonlyMap<string, LockedImage>,
): Found {
  const platform = platformOfNode(node)
  const { strangers } = compareSet(set, locked)
  const names = set.names.filter((name) => {
    const image = strangers.has(name) ? undefined : locked.get(name)
    return !platform || !image || image.platforms.some((one) => fitsPlatform(one.platform, platform))
  })
  const recorded = new Map(set.names.map((name, at) => [name, set.digests?.[at]]))
  const missing: string[] = []
  const drifted: string[] = []
  const unpinned: string[] = []
  let unseen = 0
  for (const name of names) {
    const sources = listings.filter(({ byName }) => byName.has(name))
    const images = sources.flatMap(({ byName }) => byName.get(name) ?? [])
    const [[source], [listed]] = [sources, images]
    if (listings.some(({ byName, gap }) => !byName.has(name) && gap(name) === undefined)) missing.push(name)
    else if (!listed || listed.problem !== undefined || listed.doubt !== undefined) unseen += 1
    const image = strangers.has(name) ? undefined : locked.get(name)
    if (source && image && driftedDigest(name, source, image) !== undefined) drifted.push(name)
    // Without the bundle a tag is sure only where the node shows the very digest.
    else if (listed && !image && !isListedAs(name, recorded.get(name), listed)) unseen += 1
    if (images.some(({ isPinned }) => isPinned === false)) unpinned.push(name)
  }
  const isIncomplete = missing.length + drifted.length > 0
  const state = isIncomplete ? 'incomplete' : unseen > 0 || names.length === 0 ? 'unverified' : 'held'
  return { state, names: names.length, missing, drifted, unpinned }
}

/** Whether a node shows that a name stands for that digest there. */
function isListedAs(name: string, digest: string | undefined, { names, digests = [] }: ListedImage): boolean {
  if (name.includes('@')) return true
  if (digest === undefined) return false
  return digests.includes(digest) || names.includes(`${name.slice(0, name.lastIndexOf(':'))}@${digest}`)
}
