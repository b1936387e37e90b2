import { ExpectedError } from '../errors.ts'
import type { Descriptor } from './descriptor.ts'
import { parseDescriptor, parseJsonObject } from './manifest.ts'
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
