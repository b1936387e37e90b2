import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf } from '../../oci/digest.ts'
import { referrerIn } from '../../oci/referrers.ts'
import type { BlobSlice, RegistryContent, StoredManifest } from './content.ts'

interface Repository {
  readonly manifests: Map<string, StoredManifest>
  readonly tags: Map<string, Digest>
}

/** Registry content that lives in memory: for small images made on the spot. */
export class MemoryContent implements RegistryContent {
  readonly #blobs = new Map<Digest, Uint8Array>()
  readonly #manifests = new Map<Digest, Uint8Array>()
  readonly #repositories = new Map<string, Repository>()

  /** Adds a blob; content that is here already is kept once. */
  addBlob(mediaType: string, bytes: Uint8Array): Descriptor {
    const digest = digestOf(bytes)
    this.#blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.byteLength }
  }

  /** Adds a manifest or an index to a repository, under its digest and, where one is given, under a tag. */
  addManifest(
    name: string,
    document: { readonly mediaType: string; readonly [field: string]: unknown },
    tag?: string,
  ): Descriptor {
    const { mediaType } = document
    const bytes = Buffer.from(JSON.stringify(document))
    const digest = digestOf(bytes)
    const repository = this.#repositories.get(name) ?? { manifests: new Map(), tags: new Map() }
    this.#repositories.set(name, repository)
    repository.manifests.set(digest, { mediaType, digest, bytes })
    this.#manifests.set(digest, bytes)
    if (tag) repository.tags.set(tag, digest)
    return { mediaType, digest, size: bytes.byteLength }
  }

  repositories(): string[] {
    return [...this.#repositories.keys()].sort()
  }

  tags(name: string): string[] {
    return [...(this.#repositories.get(name)?.tags.keys() ?? [])].sort()
  }

  async findManifest(name: string, reference: string): Promise<Descriptor | undefined> {
    const repository = this.#repositories.get(name)
    const found = repository?.manifests.get(repository.tags.get(reference) ?? reference)
    return found && { mediaType: found.mediaType, digest: found.digest, size: found.bytes.byteLength }
  }

  findBlobSize(digest: Digest): number | undefined {
    return this.#blobs.get(digest)?.byteLength
  }

  async openBlob(digest: Digest, start: number, end: number): Promise<BlobSlice> {
    const bytes = this.#blobs.get(digest) ?? this.#manifests.get(digest)
    const read = async (buffer: Uint8Array, position: number) => copyInto(buffer, bytes, position)
    return { start, end, size: bytes?.length ?? 0, source: digest, read, allow: async () => {} }
  }

  async referrers(name: string, subject: Digest): Promise<Descriptor[]> {
    const found = [...(this.#repositories.get(name)?.manifests.values() ?? [])].map(referrerIn)
    return found.flatMap((referrer) => (referrer?.subject === subject ? [referrer.descriptor] : []))
  }
}

function copyInto(buffer: Uint8Array, bytes: Uint8Array | undefined, position: number): number {
  const part = bytes?.subarray(position, position + buffer.length) ?? Buffer.alloc(0)
  buffer.set(part)
  return part.length
}
