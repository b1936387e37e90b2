import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../descriptor.ts'
import type { Digest } from '../digest.ts'
import type { BlobRange, BlobSizes, BlobState, Content, LackingBlobs } from './content.ts'
import { hashBlob } from './hash-blob.ts'
import type { UnnamedEntry } from './image-names.ts'

/**
 * Several contents as one, such as a delta over its base: of two that give one name to two images the later decides, and
 * a blob comes from the first that holds it. It lacks what none of them has.
 */
export class LayeredContent implements Content {
  readonly path: string
  readonly names: ReadonlyMap<string, Descriptor>
  readonly blobs: BlobSizes
  readonly unnamed: readonly UnnamedEntry[]
  readonly caveats: readonly string[]
  readonly #layers: readonly Content[]
  readonly #holders = new Map<Digest, Content>()

  constructor(layers: readonly Content[]) {
    this.path = layers.map(({ path }) => path).join(', ')
    this.names = new Map(layers.flatMap(({ names }) => [...names]))
    this.unnamed = layers.flatMap(({ unnamed = [] }) => unnamed)
    this.caveats = layers.flatMap(({ caveats = [] }) => caveats)
    this.#layers = layers
    const blobs = new Map<Digest, { readonly size: number }>()
    for (const layer of layers) {
      for (const [digest, blob] of layer.blobs) {
        if (blobs.has(digest)) continue
        blobs.set(digest, blob)
        this.#holders.set(digest, layer)
      }
    }
    this.blobs = blobs
  }

  async lacking(): Promise<LackingBlobs> {
    const lacking = await Promise.all(this.#layers.map((layer) => layer.lacking()))
    return new Map(lacking.flatMap((blobs) => [...blobs]).filter(([digest]) => !this.blobs.has(digest)))
  }

  async readDocument(digest: Digest): Promise<Uint8Array> {
    return this.#holder(digest).readDocument(digest)
  }

  openBlob(digest: Digest, range?: BlobRange): AsyncIterable<Uint8Array> {
    return this.#holder(digest).openBlob(digest, range)
  }

  async readInto(digest: Digest, buffer: Uint8Array, position: number): Promise<number> {
    return this.#holder(digest).readInto(digest, buffer, position)
  }

  async hashBlob(digest: Digest, onBytes?: (count: number) => void): Promise<Digest> {
    return hashBlob(this.#holder(digest), digest, onBytes)
  }

  async stateOf(digest: Digest): Promise<BlobState> {
    return this.#holder(digest).stateOf(digest)
  }

  async close(): Promise<void> {
    await Promise.all(this.#layers.map((layer) => layer.close()))
  }

  #holder(digest: Digest): Content {
    const holder = this.#holders.get(digest)
    if (holder) return holder
    throw new ExpectedError('BLOB_UNKNOWN', `${this.path}: holds no blob ${digest}`)
  }
}
