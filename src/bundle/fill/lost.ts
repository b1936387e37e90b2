import type { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Digest } from '../../oci/digest.ts'
import type { ImageFailure } from '../failure.ts'
import { blobsOf, type Lock, type LockedImage, type MissingImage } from '../format/lock.ts'

/** Why blobs could not be had. */
export type LostBlobs = ReadonlyMap<Digest, ExpectedError>

/** A lock without what cannot be filled, and what that is. */
export interface Remaining {
  readonly lock: Lock
  readonly leftOut: readonly Finding[]
}

/**
 * What is left of a lock without blobs that could not be had: what is attached to an image costs only itself, a part of an
 * image the image. Undefined where images may not be missing, or none is left.
 */
export function withoutLost(lock: Lock, lost: LostBlobs, { mayMiss }: { mayMiss: boolean }): Remaining | undefined {
  const leftOut: Finding[] = []
  const missing: MissingImage[] = []
  const images = lock.images.flatMap((image) => {
    const error = firstLost(blobsOf(image), lost)
    if (error) missing.push(missingImage({ reference: image.reference, error }))
    return error ? [] : [withoutLostAttachments(image, lost, leftOut)]
  })
  if (images.length === 0 || (missing.length > 0 && !mayMiss)) return undefined
  const all = [...(lock.missing ?? []), ...missing]
  return { lock: { ...lock, images, ...(all.length > 0 && { missing: all }) }, leftOut }
}

/** What a lock notes of an image that failed: the problem in one line, without what may differ the next time. */
export function missingImage({ reference, error: { code, message } }: ImageFailure): MissingImage {
  const [line = ''] = message.replace(`${reference}: `, '').split('\n')
  const shown = line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  return { reference, why: `${shown.slice(0, 300)} [${code}]` }
}

function withoutLostAttachments(image: LockedImage, lost: LostBlobs, leftOut: Finding[]): LockedImage {
  const { attachments, ...rest } = image
  if (!attachments) return image
  const kept = attachments.filter(({ target, blobs }) => {
    const error = firstLost([target, ...blobs], lost)
    if (error) {
      const message = `${image.reference}: what is attached to it is left out: ${error.message}`
      leftOut.push(finding('ATTACHMENT_LEFT_OUT', message, { subject: image.reference }))
    }
    return error === undefined
  })
  return { ...rest, ...(kept.length > 0 && { attachments: kept }) }
}

function firstLost(blobs: readonly { readonly digest: Digest }[], lost: LostBlobs): ExpectedError | undefined {
  return blobs.map(({ digest }) => lost.get(digest)).find((error) => error !== undefined)
}
