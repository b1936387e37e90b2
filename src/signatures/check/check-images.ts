import pLimit from 'p-limit'
import type { Attachment, LockedImage } from '../../bundle/format/lock.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { findSignatures } from '../found/find-signatures.ts'
import type { ImagePolicies } from '../policy/image-policy.ts'
import { judgeImage, policiesFor, type SignatureRefusal } from './check-image.ts'

/** Where signatures come from, and when it is. */
export interface SignaturePort {
  /** What is attached to an image, and what failed when that was asked for. */
  readonly attachedTo: (
    image: LockedImage,
  ) => Promise<{ readonly attachments: readonly Attachment[]; readonly problems: readonly Error[] }>
  /** Reads what is attached, manifest or blob, hashed. */
  readonly read: (image: LockedImage, descriptor: Descriptor) => Promise<Uint8Array>
  readonly now: Date
}

export interface CheckedImage {
  /** With who signed it, and with what was attached to it. */
  readonly image: LockedImage
  readonly refusals: readonly (SignatureRefusal & { readonly reference: string })[]
}

/** What policies say of images, each by the signatures that are attached to it. What a lock says of them is not asked. */
export async function checkImages(
  images: readonly LockedImage[],
  policies: ImagePolicies,
  { attachedTo, read, now }: SignaturePort,
): Promise<CheckedImage[]> {
  return pLimit(8).map(images, async (whole) => {
    const { signatures: _, ...image } = whole
    const { reference } = image
    const attached = needsLook(image, policies) ? await attachedTo(image) : NOTHING
    const attachments = byDigest(attached.attachments)
    const opened = await findSignatures(image.target.digest, attachments, (descriptor) => read(image, descriptor))
    const failed = attached.problems.map(({ message }) => ({ manifest: image.target.digest, problem: message }))
    const found = { ...opened, unreadable: [...opened.unreadable, ...failed] }
    const { signatures, refusals } = judgeImage(image, policies, { found, attachments, now })
    const all = byDigest([...(image.attachments ?? []), ...attachments])
    return {
      image: { ...image, ...(all.length > 0 && { attachments: all }), ...(signatures.length > 0 && { signatures }) },
      refusals: refusals.map((refusal) => ({ ...refusal, reference })),
    }
  })
}

const NOTHING = { attachments: [], problems: [] }

/** Whether any policy asks for a signature of it. */
function needsLook(image: LockedImage, policies: ImagePolicies): boolean {
  return policiesFor(image, policies).some(({ authorities }) => authorities.some(({ kind }) => kind !== 'static'))
}

/** Each once, in the order of a lock. */
function byDigest(attachments: readonly Attachment[]): Attachment[] {
  const distinct = new Map(attachments.map((one) => [one.target.digest, one])).values()
  return [...distinct].sort((a, b) => (a.target.digest < b.target.digest ? -1 : 1))
}
