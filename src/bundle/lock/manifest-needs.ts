import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { isIndexType } from '../../oci/media-type.ts'
import { parseReference, type Reference } from '../../oci/reference.ts'
import { type Lock, manifestsOf } from '../format/lock.ts'

/** How many manifests each registry (`docker.io`) has to give, at the least. */
export type ManifestNeeds = ReadonlyMap<string, number>

/** Whether a document is on this machine, so that no registry is asked for it. */
export type IsKnown = (digest: Digest) => boolean

/** What images that were only resolved need: an index leads to one manifest more for each platform. */
export function needsOfTargets(
  resolved: readonly { readonly reference: Reference; readonly target: Descriptor }[],
  platforms: number,
  isKnown: IsKnown,
): ManifestNeeds {
  const missing = new Map(resolved.map((image) => [image.target.digest, image]))
  const needs = new Map<string, number>()
  for (const { reference, target } of missing.values()) {
    // Whoever has an index has the manifests below it too: they came in the same run.
    if (!isKnown(target.digest)) add(needs, reference.domain, isIndexType(target.mediaType) ? 1 + platforms : 1)
  }
  return needs
}

/** What the images of a lock need. */
export function needsOfLock({ images }: Lock, isKnown: IsKnown): ManifestNeeds {
  const needs = new Map<string, number>()
  const seen = new Set<Digest>()
  for (const image of images) {
    const { reference, target, indexes = [] } = image
    const { domain } = parseReference(reference)
    for (const { digest } of [target, ...indexes, ...manifestsOf(image)]) {
      if (!seen.has(digest) && !isKnown(digest)) add(needs, domain, 1)
      seen.add(digest)
    }
  }
  return needs
}

/** What several parts of a run need together. */
export function sumOfNeeds(all: readonly ManifestNeeds[]): ManifestNeeds {
  const sum = new Map<string, number>()
  for (const needs of all) for (const [domain, count] of needs) add(sum, domain, count)
  return sum
}

function add(needs: Map<string, number>, domain: string, count: number): void {
  needs.set(domain, (needs.get(domain) ?? 0) + count)
}
