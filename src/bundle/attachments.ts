import { ExpectedError } from '../errors.ts'
import type { Attachment, LockedImage } from '../inventory.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { type Digest, isDigest } from '../oci/digest.ts'
import { childrenOf } from '../oci/manifest.ts'
import { isIndexType, isManifestType } from '../oci/media-type.ts'
import type { Reference } from '../oci/reference.ts'
import type { Documents, ImageSource } from './documents.ts'

/** Where what is attached to images is looked up. */
export interface AttachmentSource extends Pick<ImageSource, 'resolve'> {
  /** What the referrers API, or its fallback tag, lists for a manifest. */
  listReferrers(repository: Reference, digest: Digest): Promise<readonly Descriptor[]>
}

/** Tags under which cosign keeps what belongs to `sha256:<hex>`. */
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom']
/** A signature of an SBOM of an image, and one more. */
const MAX_DEPTH = 3

/**
 * Everything that belongs to an image without being part of it: referrers of its manifests and of those in turn, cosign's
 * tags, and BuildKit's attestations for the platforms taken.
 */
export async function findAttachments(
  reference: Reference,
  { target, platforms }: LockedImage,
  {
    attestations,
    source,
    documents,
  }: { attestations: readonly Descriptor[]; source: AttachmentSource; documents: Documents },
): Promise<Attachment[]> {
  const manifests = platforms.map(({ manifest }) => manifest.digest)
  const found = new Map<Digest, Attachment>()
  const add = async (subject: Digest, descriptor: Descriptor, tag?: string) => {
    if (found.has(descriptor.digest)) return false
    const { mediaType, digest, size } = descriptor
    const blobs = await descendants(reference, { mediaType, digest, size }, documents)
    found.set(digest, { subject, ...(tag && { tag }), target: { mediaType, digest, size }, blobs })
    return true
  }
  for (const attestation of attestations) {
    const subject = attestation.annotations?.['vnd.docker.reference.digest']
    if (isDigest(subject) && manifests.includes(subject)) await add(subject, attestation)
  }
  let subjects = [...new Set([target.digest, ...manifests])]
  for (const subject of subjects) {
    for (const suffix of COSIGN_SUFFIXES) {
      const tag = `${subject.replace(':', '-')}.${suffix}`
      const tagged = await orNothing(source.resolve({ ...reference, tag, digest: undefined }))
      if (tagged) await add(subject, tagged, tag)
    }
  }
  for (let depth = 0; depth < MAX_DEPTH && subjects.length > 0; depth++) {
    const next: Digest[] = []
    for (const subject of subjects) {
      for (const referrer of await source.listReferrers(reference, subject)) {
        if (await add(subject, referrer)) next.push(referrer.digest)
      }
    }
    subjects = next
  }
  return [...found.values()].sort((a, b) => (a.target.digest < b.target.digest ? -1 : 1))
}

/** Everything below a manifest or an index. */
async function descendants(reference: Reference, descriptor: Descriptor, documents: Documents): Promise<Descriptor[]> {
  if (!isManifestType(descriptor.mediaType) && !isIndexType(descriptor.mediaType)) return []
  const children = childrenOf(await documents.parse(reference, descriptor))
  const below = await Promise.all(children.map((child) => descendants(reference, child, documents)))
  return [...children.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })), ...below.flat()]
}

async function orNothing<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'MANIFEST_UNKNOWN') return undefined
    throw error
  }
}
