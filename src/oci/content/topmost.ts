import type { Descriptor } from '../descriptor.ts'
import type { Digest } from '../digest.ts'
import { childrenOf, parseManifest } from '../manifest.ts'
import { isIndexType } from '../media-type.ts'
import type { Content } from './content.ts'

/**
 * Of images those that none of the others lists, each once: some tools note the platforms of an index beside it.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH, UNSUPPORTED for indexes that are none.
 */
export async function topmost(
  content: Pick<Content, 'path' | 'blobs' | 'readDocument'>,
  images: readonly Descriptor[],
): Promise<Descriptor[]> {
  const distinct = new Map(images.map((image) => [image.digest, image]))
  const listed = new Set<Digest>()
  for (const { digest, mediaType } of distinct.values()) {
    if (!isIndexType(mediaType) || !content.blobs.has(digest)) continue
    const index = parseManifest(await content.readDocument(digest), mediaType, `${content.path}, ${digest}`)
    for (const child of childrenOf(index)) if (child.digest !== digest) listed.add(child.digest)
  }
  return [...distinct.values()].filter(({ digest }) => !listed.has(digest))
}
