import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import type { StoredManifest } from './content.ts'

/**
 * What a manifest refers to, if anything, and how a registry lists it there: with the artifact type, which is the
 * config's type where a manifest has none of its own, and the annotations. Source: distribution-spec 1.1, "Listing Referrers".
 */
export function referrerIn({
  mediaType,
  digest,
  bytes,
}: StoredManifest): { subject: Digest; descriptor: Descriptor } | undefined {
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
