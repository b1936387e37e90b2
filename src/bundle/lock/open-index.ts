import { ExpectedError } from '../../errors.ts'
import { type Descriptor, plainDescriptor } from '../../oci/descriptor.ts'
import { isAttestation } from '../../oci/manifest.ts'
import { isIndexType } from '../../oci/media-type.ts'
import type { Platform } from '../../oci/platform.ts'
import { formatReference, type Reference } from '../../oci/reference.ts'
import type { Documents } from './documents.ts'

/** Deeper than any index of indexes that was ever seen. */
const MAX_NESTING = 4

/** A manifest that an index lists, and for which platform, if the index says so. */
export interface IndexedManifest {
  readonly descriptor: Descriptor
  readonly platform: Platform | undefined
}

/**
 * The manifests that an index leads to, attestations apart, and the indexes on the way.
 *
 * @throws {ExpectedError} UNSUPPORTED for indexes inside each other without end.
 */
export async function openIndex(
  reference: Reference,
  descriptor: Descriptor,
  documents: Documents,
  depth = 0,
): Promise<{ candidates: IndexedManifest[]; indexes: Descriptor[]; attestations: Descriptor[] }> {
  const what = `${formatReference(reference)}, index ${descriptor.digest}`
  if (depth === MAX_NESTING) throw new ExpectedError('UNSUPPORTED', `${what}: nested more than ${MAX_NESTING} deep`)
  const { manifests } = await documents.parseIndex(reference, descriptor)
  const candidates: IndexedManifest[] = []
  const indexes: Descriptor[] = []
  const attestations: Descriptor[] = []
  for (const child of manifests) {
    if (isAttestation(child)) attestations.push(child)
    if (isAttestation(child) || child.platform?.os === 'unknown') continue
    if (isIndexType(child.mediaType)) {
      const nested = await openIndex(reference, child, documents, depth + 1)
      candidates.push(...nested.candidates)
      indexes.push(plainDescriptor(child), ...nested.indexes)
      attestations.push(...nested.attestations)
    } else candidates.push({ descriptor: plainDescriptor(child), platform: child.platform })
  }
  return { candidates, indexes, attestations }
}
