import { blobsOf, type LockedImage } from '../../bundle/format/lock.ts'
import { parseMilli } from '../../kubernetes/objects/quantity.ts'
import type { Digest } from '../../oci/digest.ts'
import type { SeedableNode } from './seedable-node.ts'

/** A layer is kept compressed and unpacked beside it, usually two to three times as large: what seed.sh asks for. */
const DISK_FACTOR = 3

/** What a node is to hold, as it fills up. Blobs that images share count once. */
export class NodeLoad {
  readonly node: SeedableNode
  /** Compressed bytes that the node has room for. */
  readonly #limit: number
  /** Whether what was asked for is the limit, and not the node's disk. */
  readonly isCapped: boolean
  readonly #blobs = new Map<Digest, number>()
  readonly #images = new Set<LockedImage>()
  #bytes = 0

  constructor(node: SeedableNode, maxBytes: number) {
    this.node = node
    const disk = parseMilli(node.node.status?.allocatable?.['ephemeral-storage'])
    const room = disk === undefined ? Number.POSITIVE_INFINITY : disk / 1000 / DISK_FACTOR
    this.isCapped = maxBytes < room
    this.#limit = Math.min(maxBytes, room)
  }

  get bytes(): number {
    return this.#bytes
  }

  get imageCount(): number {
    return this.#images.size
  }

  /** Bytes that images would add, on the node's platform. */
  cost(images: readonly LockedImage[]): number {
    let cost = 0
    for (const [digest, size] of blobsFor(images, this.node)) if (!this.#blobs.has(digest)) cost += size
    return cost
  }

  hasRoomFor(images: readonly LockedImage[]): boolean {
    return this.bytes + this.cost(images) <= this.#limit
  }

  add(images: readonly LockedImage[]): void {
    this.#bytes += this.cost(images)
    for (const image of images) if (runsOn(image, this.node)) this.#images.add(image)
    for (const [digest, size] of blobsFor(images, this.node)) this.#blobs.set(digest, size)
  }
}

/** Whether an image has something for a node. The API has no variant: any variant of its architecture counts. */
export function runsOn(image: LockedImage, node: Pick<SeedableNode, 'platform'>): boolean {
  return image.platforms.some(({ platform }) => isPlatformOf(platform, node))
}

function isPlatformOf(platform: { os: string; architecture: string }, node: Pick<SeedableNode, 'platform'>): boolean {
  return platform.os === node.platform.os && platform.architecture === node.platform.architecture
}

const known = new WeakMap<readonly LockedImage[], Map<string, ReadonlyMap<Digest, number>>>()

/** Sizes of the blobs that images need on a node, by digest. Nodes of one platform share the answer. */
function blobsFor(images: readonly LockedImage[], node: SeedableNode): ReadonlyMap<Digest, number> {
  const byPlatform = known.get(images) ?? new Map<string, ReadonlyMap<Digest, number>>()
  known.set(images, byPlatform)
  const platform = `${node.platform.os}/${node.platform.architecture}`
  const answer = byPlatform.get(platform) ?? sizesOf(images, node)
  byPlatform.set(platform, answer)
  return answer
}

function sizesOf(images: readonly LockedImage[], node: SeedableNode): Map<Digest, number> {
  const parts = images.map((image) => ({
    ...image,
    platforms: image.platforms.filter(({ platform }) => isPlatformOf(platform, node)),
  }))
  const held = parts.filter(({ platforms }) => platforms.length > 0)
  return new Map(held.flatMap(blobsOf).map(({ digest, size }) => [digest, size]))
}
