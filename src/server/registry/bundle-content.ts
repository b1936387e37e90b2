import type { LockedContent } from '../../bundle/format/bundle.ts'
import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { LayeredContent } from '../../oci/layered-content.ts'
import { isIndexType, isManifestType } from '../../oci/media-type.ts'
import { parseReference, repositoryName } from '../../oci/reference.ts'
import type { RegistryContent, StoredManifest } from './content.ts'
import { referrersAmong } from './referrers.ts'

interface Repository {
  readonly manifests: Map<Digest, Descriptor>
  readonly tags: Map<string, Digest>
}

/**
 * Several bundles as one registry, straight from the files. Where two give one tag to different images the later file
 * wins, so that a delta can follow its base; blobs are taken from whichever file holds them.
 */
export class BundleContent implements RegistryContent {
  readonly #content: LayeredContent
  readonly #repositories: ReadonlyMap<string, Repository>
  readonly #names: readonly string[]

  constructor(bundles: readonly LockedContent[]) {
    this.#content = new LayeredContent(bundles)
    this.#repositories = repositoriesOf(bundles.flatMap(({ lock }) => lock.images))
    this.#names = [...this.#repositories.keys()].sort()
  }

  repositories(): readonly string[] {
    return this.#names
  }

  tags(repository: string): string[] {
    return [...(this.#repositories.get(repository)?.tags.keys() ?? [])].sort()
  }

  async findManifest(name: string, reference: string): Promise<StoredManifest | undefined> {
    const repository = this.#repositories.get(name)
    const descriptor = repository?.manifests.get(repository.tags.get(reference) ?? (reference as Digest))
    return descriptor && this.#read(descriptor)
  }

  findBlobSize(digest: Digest): number | undefined {
    return this.#content.blobs.get(digest)?.size
  }

  async readBlob(digest: Digest, buffer: Uint8Array, position: number): Promise<number> {
    return this.#content.readInto(digest, buffer, position)
  }

  async referrers(name: string, subject: Digest): Promise<Descriptor[]> {
    const descriptors = [...(this.#repositories.get(name)?.manifests.values() ?? [])]
    const manifests = await Promise.all(descriptors.map((descriptor) => this.#read(descriptor)))
    return referrersAmong(
      manifests.filter((manifest) => manifest !== undefined),
      subject,
    )
  }

  async #read({ digest, mediaType }: Descriptor): Promise<StoredManifest | undefined> {
    if (!this.#content.blobs.has(digest)) return undefined
    return { mediaType, digest, bytes: await this.#content.readDocument(digest) }
  }
}

function repositoriesOf(images: readonly LockedImage[]): Map<string, Repository> {
  const repositories = new Map<string, Repository>()
  for (const image of images) {
    for (const name of image.names) {
      const reference = parseReference(name)
      const key = repositoryName(reference)
      const repository = repositories.get(key) ?? { manifests: new Map(), tags: new Map() }
      repositories.set(key, repository)
      for (const manifest of manifestsOf(image)) repository.manifests.set(manifest.digest, manifest)
      if (reference.tag) repository.tags.set(reference.tag, image.target.digest)
      for (const { tag, target } of image.attachments ?? []) if (tag) repository.tags.set(tag, target.digest)
    }
  }
  return repositories
}

/** Every document of an image and of what is attached to it. */
function manifestsOf({ target, indexes = [], platforms, attachments = [] }: LockedImage): Descriptor[] {
  const attached = attachments.flatMap((attachment) => [attachment.target, ...attachment.blobs])
  const all = [target, ...indexes, ...platforms.map(({ manifest }) => manifest), ...attached]
  return all.filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType))
}
