import { ExpectedError } from '../errors.ts'
import type { Descriptor } from './descriptor.ts'
import type { Digest } from './digest.ts'
import { parseDescriptor, parseJsonObject, parseManifest } from './manifest.ts'
import { isIndexType } from './media-type.ts'

/** What is attached to a manifest, as a registry lists it. */
export interface ReferrerList {
  readonly found: readonly Descriptor[]
  /** Why more of the list is not here: entries that cannot be read, pages that were not given. */
  readonly leftOut: readonly ExpectedError[]
}

/**
 * Reads a list of referrers, each entry by itself: one that is no descriptor costs no other. Of an empty list Go writes
 * `null`. `where` names the list in errors. Source: distribution-spec 1.1, "Listing Referrers".
 *
 * @throws {ExpectedError} CONTENT_MISMATCH for what is no list of referrers
 */
export function parseReferrers(bytes: Uint8Array, where: string): ReferrerList {
  const { mediaType, manifests = undefined } = parseJsonObject(bytes, where)
  const isList = Array.isArray(manifests) || manifests === null
  if (!isList || (typeof mediaType === 'string' && mediaType && !isIndexType(mediaType))) {
    throw new ExpectedError('CONTENT_MISMATCH', `${where}: no list of referrers`)
  }
  const found: Descriptor[] = []
  const leftOut: ExpectedError[] = []
  for (const [index, entry] of (manifests ?? []).entries()) {
    try {
      found.push(parseDescriptor(entry, `${where}, manifests[${index}]`))
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      leftOut.push(error)
    }
  }
  return { found, leftOut }
}

interface ManifestDocument {
  readonly mediaType: string
  readonly digest: Digest
  readonly bytes: Uint8Array
}

interface Referrer {
  readonly subject: Digest
  readonly descriptor: Descriptor
}

/**
 * What a manifest refers to, if anything, and how a registry lists it there: with the artifact type, which is the
 * config's type where a manifest has none of its own, and the annotations. Source: distribution-spec 1.1, "Listing Referrers".
 */
export function referrerIn({ mediaType, digest, bytes }: ManifestDocument): Referrer | undefined {
  const document = parseManifest(bytes, mediaType, digest)
  if (!document.subject) return undefined
  const artifactType = document.artifactType ?? (document.kind === 'manifest' ? document.config.mediaType : undefined)
  const { annotations } = document
  const descriptor = {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(artifactType && { artifactType }),
    ...(annotations && { annotations }),
  }
  return { subject: document.subject.digest, descriptor }
}
