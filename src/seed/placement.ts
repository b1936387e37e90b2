import type { LockedImage } from '../inventory.ts'
import { blobsOf } from '../inventory.ts'
import { nameOfNode } from '../kubernetes/node.ts'
import { formatPlatform, type Platform } from '../oci/platform.ts'
import type { NodeGroup } from './node-group.ts'
import type { SeedLabel } from './seed-label.ts'

/** The images that nodes must hold together, and the label that says so. */
export interface SeedSet {
  readonly name: string
  readonly digest: string
  readonly label: SeedLabel
  readonly images: readonly LockedImage[]
}

/** What one node is to hold. */
export interface NodePlacement {
  readonly node: string
  readonly platform: string
  readonly group: string
  /** Digests of its seed sets. */
  readonly sets: readonly string[]
  readonly images: number
  /** Compressed, each blob once. */
  readonly bytes: number
}

/** Every node of every group gets the set, as far as the set has images for its platform. */
export function placeEverywhere(groups: readonly NodeGroup[], set: SeedSet): NodePlacement[] {
  return groups.flatMap(({ name, platform, nodes }) => {
    const images = imagesFor(set.images, platform)
    const bytes = distinctBytes(images)
    return nodes.map((node) => ({
      node: nameOfNode(node),
      platform: formatPlatform(platform),
      group: name,
      sets: [set.digest],
      images: images.length,
      bytes,
    }))
  })
}

/**
 * The images that run on a platform, with that platform only. A node's API object has no variant: any variant of its
 * architecture counts.
 */
function imagesFor(images: readonly LockedImage[], { os, architecture }: Platform): LockedImage[] {
  return images
    .map((image) => ({
      ...image,
      platforms: image.platforms.filter(({ platform }) => platform.os === os && platform.architecture === architecture),
    }))
    .filter(({ platforms }) => platforms.length > 0)
}

function distinctBytes(images: readonly LockedImage[]): number {
  const sizes = new Map(images.flatMap(blobsOf).map(({ digest, size }) => [digest, size]))
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}
