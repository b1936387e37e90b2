import { blobsOf, type LockedImage } from '../inventory.ts'
import { parseMilli } from '../kubernetes/quantity.ts'
import type { Digest } from '../oci/digest.ts'
import type { SeedableNode } from './seedable-node.ts'

/** A layer is kept compressed and unpacked beside it, usually two to three times as large: what seed.sh asks for. */
const DISK_FACTOR = 3

/** What a node is to hold, as it fills up. Blobs that images share count once. */
export class NodeLoad {
  readonly node: SeedableNode
  /** Compressed bytes that the node has room for. */
  readonly #limit: number
  readonly #blobs = new Map<Digest, number>()
  readonly #images = new Set<LockedImage>()
  #bytes = 0

  constructor(node: SeedableNode, maxBytes: number) {
    this.node = node
    const disk = parseMilli(node.node.status?.allocatable?.['ephemeral-storage'])
    this.#limit = Math.min(maxBytes, disk === undefined ? Number.POSITIVE_INFINITY : disk / 1000 / DISK_FACTOR)
  }

  get bytes(): number {
    return this.#bytes
  }

  get imageCount(): number {
    return this.#images.size
  }

  /** Bytes that images would add, on the node's platform. */
  cost(images: readonly LockedImage[]): number {
    return sum([...this.#blobsOf(images)].flatMap(([digest, size]) => (this.#blobs.has(digest) ? [] : [size])))
  }

  hasRoomFor(images: readonly LockedImage[]): boolean {
    return this.bytes + this.cost(images) <= this.#limit
  }

  add(images: readonly LockedImage[]): void {
    this.#bytes += this.cost(images)
    for (const image of images) if (runsOn(image, this.node)) this.#images.add(image)
    for (const [digest, size] of this.#blobsOf(images)) this.#blobs.set(digest, size)
  }

  #blobsOf(images: readonly LockedImage[]): Map<Digest, number> {
    const parts = images.map((image) => ({
      ...image,
      platforms: image.platforms.filter(({ platform }) => isPlatformOf(platform, this.node)),
    }))
    const held = parts.filter(({ platforms }) => platforms.length > 0)
    return new Map(held.flatMap(blobsOf).map(({ digest, size }) => [digest, size]))
  }
}

/** Whether an image has something for a node. The API has no variant: any variant of its architecture counts. */
export function runsOn(image: LockedImage, node: SeedableNode): boolean {
  return image.platforms.some(({ platform }) => isPlatformOf(platform, node))
}

function isPlatformOf(platform: { os: string; architecture: string }, node: SeedableNode): boolean {
  return platform.os === node.platform.os && platform.architecture === node.platform.architecture
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
