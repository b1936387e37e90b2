import type { Descriptor } from '../descriptor.ts'
import type { Digest } from '../digest.ts'
import { childrenOf, parseManifest } from '../manifest.ts'
import { isIndexType, isManifestType } from '../media-type.ts'
import type { BlobSizes, Content } from './content.ts'

/**
 * The blobs below the names of a content that are not in it, found by reading its documents, each once.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH, UNSUPPORTED for documents that are none.
 */
export async function lackingBelow(
  content: Pick<Content, 'names' | 'blobs' | 'path' | 'readDocument'>,
): Promise<BlobSizes> {
  const { names, blobs, path } = content
  const lacking = new Map<Digest, { readonly size: number }>()
  const seen = new Set<Digest>()
  const open: Descriptor[] = [...names.values()]
  for (let next = open.pop(); next; next = open.pop()) {
    const { digest, size, mediaType } = next
    if (seen.has(digest)) continue
    seen.add(digest)
    if (!blobs.has(digest)) lacking.set(digest, { size })
    else if (isIndexType(mediaType) || isManifestType(mediaType)) {
      open.push(...childrenOf(parseManifest(await content.readDocument(digest), mediaType, `${path}, ${digest}`)))
    }
  }
  return lacking
}
