import { setImmediate } from 'node:timers/promises'
import type { LockedContent } from '../../bundle/format/bundle.ts'
import { type LockedImage, manifestsOf } from '../../bundle/format/lock.ts'
import type { Content } from '../../oci/content/content.ts'
import { LayeredContent } from '../../oci/content/layered-content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { isIndexType, isManifestType } from '../../oci/media-type.ts'
import { parseReference, repositoryName } from '../../oci/reference.ts'
import { referrerIn } from '../../oci/referrers.ts'
import { CheckedBlobs } from './checked-blobs.ts'
import type { BlobSlice, RegistryContent } from './content.ts'

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
  readonly #checked: CheckedBlobs
  readonly #referrers = new Map<string, Promise<ReadonlyMap<Digest, readonly Descriptor[]>>>()

  /**
   * With `checkFirst` no byte of a blob is sent before all of them were read and hashed; else not its last one.
   * `made` is what else holds blobs of the bundles.
   */
  constructor(
    bundles: readonly LockedContent[],
    { checkFirst = false, made = [] }: { checkFirst?: boolean; made?: readonly Content[] } = {},
  ) {
    this.#content = new LayeredContent([...bundles, ...made])
    this.#checked = new CheckedBlobs(this.#content, { checkFirst })
    this.#repositories = repositoriesOf(bundles.flatMap(({ lock }) => lock.images))
    this.#names = [...this.#repositories.keys()].sort()
  }

  repositories(): readonly string[] {
    return this.#names
  }

  tags(repository: string): string[] {
    return [...(this.#repositories.get(repository)?.tags.keys() ?? [])].sort()
  }

  async findManifest(name: string, reference: string): Promise<Descriptor | undefined> {
    const repository = this.#repositories.get(name)
    const descriptor = repository?.manifests.get(repository.tags.get(reference) ?? (reference as Digest))
    const size = descriptor && this.findBlobSize(descriptor.digest)
    if (!descriptor || size === undefined) return undefined
    await this.#checked.check(descriptor.digest)
    return { mediaType: descriptor.mediaType, digest: descriptor.digest, size }
  }

  findBlobSize(digest: Digest): number | undefined {
    return this.#content.blobs.get(digest)?.size
  }

  openBlob(digest: Digest, start: number, end: number): Promise<BlobSlice> {
    return this.#checked.open(digest, start, end)
  }

  async referrers(name: string, subject: Digest): Promise<readonly Descriptor[]> {
    const known = this.#referrers.get(name) ?? this.#indexReferrers(name)
    return (await known).get(subject) ?? []
  }

  /** The referrers of a repository by their subject, found once; one document after the other, so that others get their turn. */
  #indexReferrers(name: string): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
    const index = this.#readReferrers(name)
    this.#referrers.set(name, index)
    index.catch(() => this.#referrers.delete(name))
    return index
  }

  async #readReferrers(name: string): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
    const bySubject = new Map<Digest, Descriptor[]>()
    for (const { digest, mediaType } of this.#repositories.get(name)?.manifests.values() ?? []) {
      if (!this.#content.blobs.has(digest)) continue
      await setImmediate()
      const found = referrerIn({ mediaType, digest, bytes: await this.#content.readDocument(digest) })
      if (!found) continue
      const others = bySubject.get(found.subject)
      if (others) others.push(found.descriptor)
      else bySubject.set(found.subject, [found.descriptor])
    }
    return bySubject
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
      for (const manifest of documentsOf(image)) repository.manifests.set(manifest.digest, manifest)
      if (reference.tag) repository.tags.set(reference.tag, image.target.digest)
      for (const { tag, target } of image.attachments ?? []) if (tag) repository.tags.set(tag, target.digest)
    }
  }
  return repositories
}

/** Every document of an image and of what is attached to it. */
function documentsOf(image: LockedImage): Descriptor[] {
  const { target, indexes = [], attachments = [] } = image
  const attached = attachments.flatMap((attachment) => [attachment.target, ...attachment.blobs])
  const all = [target, ...indexes, ...manifestsOf(image), ...attached]
  return all.filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType))
}
