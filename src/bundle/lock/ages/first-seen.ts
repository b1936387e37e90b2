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
 * stays in its place, or nothing is there. Only our own record counts: what an image says of its age, anybody can write.
 */
export function withFirstSeen(images: readonly LockedImage[], { previous, now, minAge }: AgeOptions): AgedImages {
  const known = new Map(previous?.images.map(({ target, firstSeen }) => [target.digest, firstSeen]))
  const before = new Map(previous?.images.map((image) => [image.reference, image]))
  const waiting: WaitingImage[] = []
  const taken = images.flatMap((image): LockedImage[] => {
    const { reference, target } = image
    const waited = previous?.waiting?.find((one) => one.reference === reference && one.digest === target.digest)
    const firstSeen = image.firstSeen ?? known.get(target.digest) ?? waited?.firstSeen ?? formatTime(now)
    const old = before.get(reference)
    const isTaken = old?.target.digest === target.digest
    if (isTaken || minAge === undefined || now.getTime() - Date.parse(firstSeen) >= minAge)
      return [{ ...image, firstSeen }]
    waiting.push({ reference, digest: target.digest, firstSeen })
    return old ? [old] : []
  })
  return { images: taken, waiting }
}
