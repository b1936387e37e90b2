import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../../bundle/format/lock.ts'
import { type Finding, finding } from '../../../finding.ts'
import { nameOfNode, platformOfNode } from '../../../kubernetes/objects/node.ts'
import { formatPlatform } from '../../../oci/platform.ts'
import { listNames } from '../../../plural.ts'
import type { Audit } from '../../audit.ts'
import type { Conditions } from '../../facts/conditions.ts'
import { digestsOfName } from '../../facts/images/drift.ts'
import { nodeListings } from '../../facts/node-listings.ts'

/** Nodes that lead a tag to the same content, as far as their digests tell. */
interface Group {
  readonly digests: Set<string>
  readonly nodes: string[]
}

/**
 * Tags that lead to different images on nodes of one platform that pods of one workload may land on. A node's list may
 * tell the digest of an index or of its manifest for the platform: those are told apart only by a bundle, and of what a
 * bundle holds drift is told instead.
 */
export function tagDifferences(
  audit: Audit,
  nodes: readonly Node[],
  { locked, conditions }: { readonly locked: ReadonlyMap<string, LockedImage>; readonly conditions: Conditions },
): Finding[] {
  const wanted = landingClasses(audit, locked)
  if (wanted.size === 0 || nodes.length < 2) return []
  const classOf = new Map(audit.nodeClasses.flatMap((one, index) => one.nodes.map((name) => [name, index] as const)))
  const listingsOf = nodeListings(locked, conditions)
  /** By the tag and the platform. */
  const held = new Map<string, Map<string, Group[]>>()
  for (const node of nodes) {
    const listings = listingsOf(node).filter(({ isBundle, isAssumed }) => !isBundle && !isAssumed)
    const ownClass = classOf.get(nameOfNode(node)) ?? -1
    const platform = platformOfNode(node)
    const seen = new Set<string>()
    for (const image of listings.flatMap(({ images }) => images)) {
      for (const name of image.names) {
        if (seen.has(name) || !wanted.get(name)?.has(ownClass)) continue
        const digests = digestsOfName(name, image)
        if (digests.length === 0) continue
        seen.add(name)
        const byPlatform = held.get(name) ?? new Map<string, Group[]>()
        held.set(name, byPlatform)
        const key = platform ? formatPlatform(platform) : ''
        byPlatform.set(key, withNode(byPlatform.get(key) ?? [], digests, nameOfNode(node)))
      }
    }
  }
  return Array.from(held, ([name, byPlatform]) =>
    [...byPlatform.values()].filter((groups) => groups.length > 1).map((groups) => difference(name, groups)),
  ).flat()
}

/** The classes of nodes that pods of each tag may land on; of tags that no bundle holds. */
function landingClasses({ workloads }: Audit, locked: ReadonlyMap<string, unknown>): Map<string, Set<number>> {
  const classesOf = new Map<string, Set<number>>()
  for (const { podClass, nodes } of workloads) {
    for (const { name } of podClass.images) {
      if (name === undefined || name.includes('@') || locked.has(name)) continue
      const own = classesOf.get(name) ?? new Set()
      classesOf.set(name, own)
      for (const [index, { mayLand }] of nodes.entries()) if (mayLand) own.add(index)
    }
  }
  return classesOf
}

/** A node that tells several digests of a tag shows that the groups of each are one: an index, and a manifest in it. */
function withNode(groups: readonly Group[], digests: readonly string[], node: string): Group[] {
  const same = groups.filter((group) => digests.some((digest) => group.digests.has(digest)))
  const [first, ...others] = same
  if (!first) return [...groups, { digests: new Set(digests), nodes: [node] }]
  for (const digest of digests) first.digests.add(digest)
  for (const other of others) {
    for (const digest of other.digests) first.digests.add(digest)
    first.nodes.push(...other.nodes)
  }
  first.nodes.push(node)
  return groups.filter((group) => !others.includes(group))
}

function difference(name: string, groups: readonly Group[]): Finding {
  const parts = groups.map(({ digests: [digest], nodes }) => `${digest} on ${listNames(nodes)}`)
  return finding('TAG_DIFFERS', `${name} is ${parts.join(', and ')}: pods run what their node has`)
}
