import { type Finding, finding } from '../../finding.ts'
import type { Lock } from './lock.ts'

/** What a lock says of images that it has not: everybody who reads it is told. */
export function missingFindings(lock: Lock): Finding[] {
  const { missing = [], waiting = [] } = lock
  const unheld = waiting.filter(({ reference }) => !holds(lock, reference))
  return [
    ...missing.map(({ reference, why }) =>
      finding('IMAGE_UNAVAILABLE', `${reference} was wanted and is not here: ${why}`, { subject: reference }),
    ),
    ...unheld.map(({ reference, digest, firstSeen }) =>
      finding('DIGEST_WAITS', `${reference} was wanted and is not here: ${digest} was first seen ${firstSeen}`, {
        subject: reference,
      }),
    ),
  ]
}

/** What a lock has in place of something newer. */
export function heldBackFindings(lock: Lock): Finding[] {
  const { waiting = [] } = lock
  return waiting
    .filter(({ reference }) => holds(lock, reference))
    .map(({ reference, digest, firstSeen }) =>
      finding('DIGEST_HELD_BACK', `${reference} stays as it was: ${digest} was first seen ${firstSeen}`),
    )
}

/** Whether anything that was wanted is not in a lock. */
export function lacksImages(lock: Lock): boolean {
  return missingFindings(lock).length > 0
}

function holds({ images }: Lock, reference: string): boolean {
  return images.some((image) => image.reference === reference)
}
