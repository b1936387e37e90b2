import { ExpectedError } from '../../../errors.ts'
import { isManifestType } from '../../../oci/media-type.ts'
import { formatReference, type Reference } from '../../../oci/reference.ts'
import type { LockedArtifact } from '../../format/lock.ts'
import type { Documents } from './documents.ts'
import { readChild } from './index-child.ts'
import type { OpenedIndex } from './open-index.ts'

/**
 * All that an index of artifacts lists; undefined where it lists an image, or nothing. It is read one by one until that is
 * clear: an index of images for other platforms costs one manifest.
 *
 * @throws {ExpectedError} UNSUPPORTED where it lists what is no manifest; CONTENT_MISMATCH
 */
export async function takeArtifacts(
  reference: Reference,
  { manifests, others }: OpenedIndex,
  documents: Documents,
): Promise<LockedArtifact[] | undefined> {
  const listed = [...manifests, ...others.map((descriptor) => ({ descriptor, platform: undefined }))]
  const distinct = new Map(listed.map((child) => [child.descriptor.digest, child])).values()
  const found: LockedArtifact[] = []
  for (const child of distinct) {
    const { mediaType, digest } = child.descriptor
    if (!isManifestType(mediaType)) {
      if (found.length === 0) return undefined
      const what = `${formatReference(reference)} is an index of artifacts, and its part ${digest} is neither a manifest nor an index`
      throw new ExpectedError('UNSUPPORTED', `${what}: ${mediaType || 'no type'}`)
    }
    const { artifact } = await readChild(reference, child, documents)
    if (!artifact) return undefined
    found.push(artifact)
  }
  return found.length > 0 ? found : undefined
}
