import { ExpectedError, endsRun } from '../../errors.ts'
import type { BlobSink } from '../../oci/content/blob-sink.ts'
import type { Content } from '../../oci/content/content.ts'
import { LayeredContent } from '../../oci/content/layered-content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isIndexType } from '../../oci/media-type.ts'
import { parseReference, type Reference } from '../../oci/reference.ts'
import type { ImageFailure } from '../failure.ts'
import type { LockedImage, Sibling } from '../format/lock.ts'
import { Documents } from '../lock/documents/documents.ts'
import { FetchedContent } from './fetched-content.ts'
import { type SparseImage, unfilledIndex } from './sparse-index.ts'

/** Where what a bundle leaves out may be had: the registries that its images are from. */
export interface FillSource {
  readDocument(repository: Reference, descriptor: Descriptor): Promise<Uint8Array>
  readBlob(repository: Reference, blob: Descriptor, sink: BlobSink): Promise<void>
}

export interface FilledImages {
  readonly images: readonly LockedImage[]
  /** What the images need: the content, and what is fetched when it is asked for. Closed with the content. */
  readonly content: Content
  /** Those of which something could not be had, which are left out. */
  readonly failures: readonly ImageFailure[]
}

/** The images with all that their indexes list: documents are read from the source at once, blobs when they are sent. */
export async function fillIndexes(
  images: readonly LockedImage[],
  sparse: readonly SparseImage[],
  content: Content,
  source: FillSource,
): Promise<FilledImages> {
  const fetched = new FetchedContent(source.readBlob.bind(source))
  const filled = new Map<LockedImage, LockedImage>()
  const failures: ImageFailure[] = []
  for (const one of sparse) {
    try {
      filled.set(one.image, await fillImage(one.image, content, source, fetched))
    } catch (error) {
      if (!(error instanceof ExpectedError) || endsRun(error)) throw error
      failures.push({ reference: one.image.reference, error: unfilledIndex(one, error) })
    }
  }
  const failed = new Set(failures.map(({ reference }) => reference))
  const left = images.filter(({ reference }) => !failed.has(reference))
  return {
    images: left.map((image) => filled.get(image) ?? image),
    content: new LayeredContent([content, fetched]),
    failures,
  }
}

async function fillImage(
  image: LockedImage,
  content: Content,
  source: FillSource,
  fetched: FetchedContent,
): Promise<LockedImage> {
  const reference = parseReference(image.reference)
  const documents = new Documents({
    resolve: async () => image.target,
    readDocument: (repository, descriptor) =>
      content.blobs.has(descriptor.digest)
        ? content.readDocument(descriptor.digest)
        : source.readDocument(repository, descriptor),
  })
  const indexes: Descriptor[] = []
  const siblings: Sibling[] = []
  for (let level: readonly Descriptor[] = [image.target]; level.length > 0; ) {
    const below: Descriptor[] = []
    for (const parent of level) below.push(...(await documents.parseIndex(reference, parent)).manifests)
    const missing = below.filter(({ digest }) => !content.blobs.has(digest) && !fetched.blobs.has(digest))
    for (const descriptor of missing) {
      const found = await documents.describe(reference, descriptor)
      fetched.addDocument(found, await documents.get(reference, descriptor))
      if (isIndexType(found.mediaType)) indexes.push(found)
      else {
        const { config, layers } = await documents.parseImage(reference, found)
        siblings.push({ manifest: found, blobs: [config, ...layers] })
        for (const blob of [config, ...layers]) fetched.addBlob(blob, reference)
      }
    }
    level = below.filter(({ mediaType }) => isIndexType(mediaType))
  }
  return withParts(image, indexes, siblings)
}

function withParts(image: LockedImage, more: readonly Descriptor[], siblings: readonly Sibling[]): LockedImage {
  const { platforms, artifacts = [] } = image
  const indexes = [...(image.indexes ?? []), ...more]
  const [first, ...others] = platforms
  if (!first)
    return { ...image, indexes, artifacts: [...artifacts, ...siblings.map((one) => ({ artifactType: '', ...one }))] }
  return { ...image, indexes, platforms: [{ ...first, siblings: [...(first.siblings ?? []), ...siblings] }, ...others] }
}
