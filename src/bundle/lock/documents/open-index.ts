import { ExpectedError } from '../../../errors.ts'
import { type Descriptor, plainDescriptor } from '../../../oci/descriptor.ts'
import { isAttestation } from '../../../oci/manifest.ts'
import { isIndexType, isManifestType } from '../../../oci/media-type.ts'
import { formatPlatform, type Platform } from '../../../oci/platform.ts'
import { formatReference, type Reference } from '../../../oci/reference.ts'
import type { Documents } from './documents.ts'

/** Deeper than any index of indexes that was ever seen. */
const MAX_NESTING = 4

/** A manifest that an index lists, and for which platform, if the index says so. */
export interface IndexedManifest {
  readonly descriptor: Descriptor
  readonly platform: Platform | undefined
}

/** What an index leads to, each thing once however often it is listed. */
export interface OpenedIndex {
  readonly manifests: IndexedManifest[]
  /** The indexes on the way. */
  readonly indexes: Descriptor[]
  readonly attestations: Descriptor[]
  /** What importers pass over: what is for no platform by name, or neither a manifest nor an index. */
  readonly others: Descriptor[]
}

/**
 * The manifests that an index leads to, attestations apart that no node reads, and the indexes on the way. Each index is
 * read once, so that indexes which list each other many times cost no more than what they hold.
 *
 * @throws {ExpectedError} UNSUPPORTED for indexes inside each other without end.
 */
export async function openIndex(
  reference: Reference,
  descriptor: Descriptor,
  documents: Documents,
): Promise<OpenedIndex> {
  const opened: OpenedIndex = { manifests: [], indexes: [], attestations: [], others: [] }
  await collect({ reference, documents, opened, seen: new Set() }, descriptor, 0)
  return opened
}

interface Search {
  readonly reference: Reference
  readonly documents: Documents
  readonly opened: OpenedIndex
  /** Digests of indexes and attestations; of manifests with their platform, since an index may list one for two. */
  readonly seen: Set<string>
}

async function collect(search: Search, index: Descriptor, depth: number): Promise<void> {
  const { reference, documents, opened, seen } = search
  const what = `${formatReference(reference)}, index ${index.digest}`
  if (depth === MAX_NESTING) throw new ExpectedError('UNSUPPORTED', `${what}: nested more than ${MAX_NESTING} deep`)
  const { manifests } = await documents.parseIndex(reference, index)
  for (const child of manifests) {
    const key = `${child.digest} ${child.platform ? formatPlatform(child.platform) : ''}`
    if (seen.has(key)) continue
    seen.add(key)
    if (isAttestation(child)) opened.attestations.push(child)
    if (isAttestation(child) && child.platform) continue
    if (child.platform?.os === 'unknown') {
      if (!isAttestation(child)) opened.others.push(plainDescriptor(child))
      continue
    }
    if (isIndexType(child.mediaType)) {
      if (seen.has(child.digest)) continue
      seen.add(child.digest)
      opened.indexes.push(plainDescriptor(child))
      await collect(search, child, depth + 1)
    } else if (isManifestType(child.mediaType)) {
      opened.manifests.push({ descriptor: plainDescriptor(child), platform: child.platform })
    } else opened.others.push(plainDescriptor(child))
  }
}
