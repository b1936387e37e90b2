import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, isContentOf } from '../../oci/digest.ts'
import type { Reference } from '../../oci/reference.ts'
import type { ImageSource } from './documents/documents.ts'

/** Documents that an unfinished run was given by registries that count how many they give. */
export interface ManifestCache {
  readonly documents: ReadonlyMap<Digest, Uint8Array>
  keep(digest: Digest, bytes: Uint8Array): void
}

export interface CountingSource extends ImageSource {
  /** Something, where a registry counts. */
  quotaOf(registry: Reference): unknown
}

/** Documents larger than this are not worth a look on the disk: no manifest is. */
const LARGEST = 4 * 1024 * 1024

/** The same source, which takes documents from this machine where they are, and keeps those that are counted. */
export function withKnownDocuments(
  source: CountingSource,
  kept: ManifestCache,
  local: readonly Content[],
): ImageSource {
  return {
    resolve: (reference, options) => source.resolve(reference, options),
    async readDocument(repository, descriptor) {
      const known = kept.documents.get(descriptor.digest) ?? (await findLocally(descriptor, local))
      if (known) return known
      const bytes = await source.readDocument(repository, descriptor)
      if (source.quotaOf(repository)) kept.keep(descriptor.digest, bytes)
      return bytes
    },
  }
}

/** What is on this machine counts only when it is what its name says. */
async function findLocally({ digest, size }: Descriptor, local: readonly Content[]): Promise<Uint8Array | undefined> {
  if (size > LARGEST) return undefined
  for (const content of local.filter(({ blobs }) => blobs.has(digest))) {
    const bytes = Buffer.concat(await Array.fromAsync(content.openBlob(digest)))
    if (isContentOf(digest, bytes)) return bytes
  }
  return undefined
}
