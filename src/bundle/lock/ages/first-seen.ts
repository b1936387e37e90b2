import { formatTime } from '../../format/fields/image-signature.ts'
import type { WaitingImage } from '../../format/fields/waiting-image.ts'
import type { Lock, LockedImage } from '../../format/lock.ts'

export interface AgedImages {
  readonly images: readonly LockedImage[]
  readonly waiting: readonly WaitingImage[]
}

export interface AgeOptions {
  /** The lock that is about to be replaced: what it holds was taken before, and it knows since when. */
  readonly previous: Lock | undefined
  readonly now: Date
  /** For how long a digest has to be known before it is taken, in milliseconds; it need not be without it. */
  readonly minAge: number | undefined
}

/**
 * Notes of each image when a lock first had to do with its digest. What is too new waits: the image of the previous lock
 * stays in its place, or nothing is there. Only the record of the lock that is replaced counts, as far as it lies in the
 * past: what an image says of its age, or a lock or a bundle from elsewhere, anybody can write.
 */
export function withFirstSeen(images: readonly LockedImage[], { previous, now, minAge }: AgeOptions): AgedImages {
  const known = new Map(
    previous?.images.flatMap(({ target, firstSeen }) => (firstSeen ? [[target.digest, firstSeen]] : [])),
  )
  const before = new Map(previous?.images.map((image) => [image.reference, image]))
  const waiting: WaitingImage[] = []
  const taken = images.flatMap((image): LockedImage[] => {
    const { reference, target } = image
    const waited = previous?.waiting?.find((one) => one.reference === reference && one.digest === target.digest)
    const recorded =
      known.get(target.digest) ?? waited?.firstSeen ?? (minAge === undefined ? image.firstSeen : undefined)
    const firstSeen = recorded !== undefined && Date.parse(recorded) <= now.getTime() ? recorded : formatTime(now)
    const old = before.get(reference)
    const isTaken = old?.target.digest === target.digest
    if (isTaken || minAge === undefined || now.getTime() - Date.parse(firstSeen) >= minAge)
      return [{ ...image, firstSeen }]
    waiting.push({ reference, digest: target.digest, firstSeen })
    return old ? [old] : []
  })
  return { images: taken, waiting }
}
