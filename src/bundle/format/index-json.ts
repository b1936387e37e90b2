import type { Digest } from '../../oci/digest.ts'
import { isIndexType, OCI_INDEX, OCI_MANIFEST } from '../../oci/media-type.ts'
import { isArtifact, type Lock, type LockedImage } from './lock.ts'
import { BUNDLE_FRAME_ANNOTATION, BUNDLE_TABLE_ANNOTATION } from './table.ts'

/**
 * The `index.json` of a bundle: one descriptor for each name, so that every runtime finds an image by tag and by digest.
 * Artifacts and what is attached to images are there without a name: of a named entry, a runtime makes an image.
 * Its annotations hold the digests of the bundle's table and frame, so that this one document stands for every byte of
 * the file.
 * Source: image-spec 1.1, image-layout.md.
 */
export function renderIndex({ images }: Lock, { table, frame }: { table: Digest; frame: Digest }): string {
  const byName = new Map<string, object>()
  for (const image of images.filter((one) => !isArtifact(one))) {
    for (const name of image.names) if (!byName.has(name)) byName.set(name, descriptorFor(name, image))
  }
  const attached = images.flatMap(({ attachments = [] }) => attachments)
  const unnamed = new Map([...attached, ...images.filter(isArtifact)].map(({ target }) => [target.digest, target]))
  const manifests = [
    ...[...byName.keys()].sort().map((name) => byName.get(name)),
    ...[...unnamed.keys()].sort().map((digest) => unnamed.get(digest)),
  ]
  return `${JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests,
    annotations: { [BUNDLE_TABLE_ANNOTATION]: table, [BUNDLE_FRAME_ANNOTATION]: frame },
  })}\n`
}

function descriptorFor(name: string, { target, platforms }: LockedImage): object {
  const { digest, size } = target
  const isIndex = isIndexType(target.mediaType)
  // A node of another architecture must refuse a single image; an index says by itself what it holds.
  const platform = isIndex ? undefined : platforms[0]?.platform
  return {
    // Skopeo finds nothing else in a layout, also for docker's types, whose documents have the same form.
    mediaType: isIndex ? OCI_INDEX : OCI_MANIFEST,
    digest,
    size,
    annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
    ...(platform && { platform }),
  }
}
