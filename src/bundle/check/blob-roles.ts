import type { Digest } from '../../oci/digest.ts'
import { isIndexType } from '../../oci/media-type.ts'
import { formatPlatform } from '../../oci/platform.ts'
import type { Lock } from '../format/lock.ts'

/** What a blob is to an image: `layer 2 of 5 (linux/amd64)`. */
export interface BlobRole {
  readonly image: string
  readonly role: string
}

/** What each blob of a lock is for, in the order of its images. */
export function rolesOf({ images }: Lock): ReadonlyMap<Digest, readonly BlobRole[]> {
  const roles = new Map<Digest, BlobRole[]>()
  const add = (digest: Digest, image: string, role: string) => {
    const known = roles.get(digest)
    if (known) known.push({ image, role })
    else roles.set(digest, [{ image, role }])
  }
  for (const { reference, target, indexes = [], platforms, artifacts = [], attachments = [] } of images) {
    for (const { digest } of isIndexType(target.mediaType) ? [target, ...indexes] : []) add(digest, reference, 'index')
    for (const { platform, manifest, config, layers, siblings = [] } of platforms) {
      const on = `(${formatPlatform(platform)})`
      add(manifest.digest, reference, `manifest ${on}`)
      add(config.digest, reference, `config ${on}`)
      for (const [at, { digest }] of layers.entries()) {
        add(digest, reference, `layer ${at + 1} of ${layers.length} ${on}`)
      }
      for (const { manifest: beside, blobs } of siblings) {
        for (const { digest } of [beside, ...blobs]) add(digest, reference, `beside the image ${on}`)
      }
    }
    for (const { artifactType, manifest, blobs } of artifacts) {
      add(manifest.digest, reference, `manifest (${artifactType})`)
      for (const [at, { digest }] of blobs.entries()) {
        add(digest, reference, `part ${at + 1} of ${blobs.length} (${artifactType})`)
      }
    }
    for (const { target: attached, blobs } of attachments) {
      for (const { digest } of [attached, ...blobs]) add(digest, reference, `attachment ${attached.digest}`)
    }
  }
  return roles
}
