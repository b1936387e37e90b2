import { ExpectedError, endsRun } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { OCI_INDEX } from '../../oci/media-type.ts'
import { type ReferrerList, referrerIn } from '../../oci/referrers.ts'
import { countOf } from '../../plural.ts'
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
 * would take away the rest; that is what is found. Source: distribution-spec 1.1, "Referrers Tag Schema".
 */
export async function listAttachments(
  attachments: readonly Attachment[],
  name: string,
  { source, target }: { source: Content; target: ReferrersTarget },
): Promise<readonly Finding[]> {
  const unlisted: Finding[] = []
  const bySubject = new Map<Digest, Descriptor[]>()
  for (const { target: manifest } of attachments) {
    // A delta leaves to its base what is there already.
    if (!source.blobs.has(manifest.digest)) continue
    const bytes = await source.readDocument(manifest.digest)
    const referrer = referrerIn({ ...manifest, bytes })
    if (referrer) bySubject.set(referrer.subject, [...(bySubject.get(referrer.subject) ?? []), referrer.descriptor])
  }
  for (const [subject, referrers] of bySubject) {
    const { found, leftOut } = await listOf(name, subject, target)
    const missing = referrers.filter(({ digest }) => !found.some((one) => one.digest === digest))
    if (missing.length === 0) continue
    const [reason] = leftOut
    if (reason) {
      unlisted.push(unlistedAt(`${name}@${subject}`, missing.length, reason))
      continue
    }
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...found, ...missing] }
    const bytes = Buffer.from(JSON.stringify(index))
    await target.putManifest(name, subject.replace(':', '-'), OCI_INDEX, bytes)
    // Who answers for its API looks nowhere else.
    const after = await listOf(name, subject, target)
    const stillMissing = missing.filter(({ digest }) => !after.found.some((one) => one.digest === digest))
    if (stillMissing.length > 0) unlisted.push(unlistedAt(`${name}@${subject}`, stillMissing.length, notListed(after)))
  }
  return unlisted
}

async function listOf(name: string, subject: Digest, target: ReferrersTarget): Promise<ReferrerList> {
  try {
    return await target.listReferrers(name, subject)
  } catch (error) {
    if (!(error instanceof ExpectedError) || endsRun(error)) throw error
    return { found: [], leftOut: [error] }
  }
}

function notListed({ leftOut: [reason] }: ReferrerList): Pick<ExpectedError, 'message'> {
  return reason ?? { message: 'the registry does not list what it was sent' }
}

function unlistedAt(image: string, count: number, { message }: Pick<ExpectedError, 'message'>): Finding {
  const text = `${image}: ${countOf(count, 'attachment')} may not be found from it: ${message}`
  return finding('ATTACHMENT_UNLISTED', text, { subject: image })
}
