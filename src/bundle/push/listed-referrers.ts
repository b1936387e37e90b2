import { ExpectedError, endsRun } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { OCI_INDEX } from '../../oci/media-type.ts'
import { type ReferrerList, referrerIn } from '../../oci/referrers.ts'
import type { Attachment } from '../format/lock.ts'

/** What a registry without the referrers API lists is an index under a tag, which whoever pushes keeps up to date. */
export interface ReferrersTarget {
  /** What the registry lists as attached to a manifest, by its API or under that tag. */
  listReferrers(name: string, digest: Digest): Promise<ReferrerList>
  putManifest(name: string, reference: string, mediaType: string, bytes: Uint8Array): Promise<void>
}

/**
 * Makes sure that what was pushed beside an image is found from there: where the registry does not list it by itself, the
 * index under the tag of the image gets what it lacks. Of a list that cannot be had whole nothing is written, since that
 * would take away the rest. Source: distribution-spec 1.1, "Referrers Tag Schema".
 */
export async function listAttachments(
  attachments: readonly Attachment[],
  name: string,
  { source, target }: { source: Content; target: ReferrersTarget },
): Promise<void> {
  const bySubject = new Map<Digest, Descriptor[]>()
  for (const { target: manifest } of attachments) {
    // A delta leaves to its base what is there already.
    if (!source.blobs.has(manifest.digest)) continue
    const bytes = await source.readDocument(manifest.digest)
    const referrer = referrerIn({ ...manifest, bytes })
    if (referrer) bySubject.set(referrer.subject, [...(bySubject.get(referrer.subject) ?? []), referrer.descriptor])
  }
  for (const [subject, referrers] of bySubject) {
    const listed = await listOf(name, subject, target)
    const missing = referrers.filter(({ digest }) => !listed?.some((one) => one.digest === digest))
    if (!listed || missing.length === 0) continue
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...listed, ...missing] }
    const bytes = Buffer.from(JSON.stringify(index))
    await target.putManifest(name, subject.replace(':', '-'), OCI_INDEX, bytes)
  }
}

async function listOf(
  name: string,
  subject: Digest,
  target: ReferrersTarget,
): Promise<readonly Descriptor[] | undefined> {
  try {
    const { found, leftOut } = await target.listReferrers(name, subject)
    return leftOut.length > 0 ? undefined : found
  } catch (error) {
    if (!(error instanceof ExpectedError) || endsRun(error)) throw error
    return undefined
  }
}
