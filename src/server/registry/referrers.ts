import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import type { StoredManifest } from './content.ts'

/**
 * Those of the manifests whose subject is the digest, as a registry lists them: with the artifact type, which is the
 * config's type where a manifest has none of its own, and the annotations. Source: distribution-spec 1.1, "Listing Referrers".
 */
export function referrersAmong(manifests: Iterable<StoredManifest>, subject: Digest): Descriptor[] {
  return [...manifests].flatMap(({ mediaType, digest, bytes }) => {
    const document = parseManifest(bytes, mediaType, digest)
    if (document.subject?.digest !== subject) return []
    const artifactType = document.artifactType ?? (document.kind === 'manifest' ? document.config.mediaType : undefined)
    const { annotations } = document
    return [
      {
        mediaType,
        digest,
        size: bytes.byteLength,
        ...(artifactType && { artifactType }),
        ...(annotations && { annotations }),
      },
    ]
  })
}
