import type { Lock } from '../format/lock.ts'
import { seedSetDigest } from '../format/seed-set.ts'

/**
 * Which set of images a page is about, for whoever signs it: terms and texts. The digest is over all names and what they
 * stand for; a node that holds the whole bundle reports the same.
 */
export function setTerms(lock: Lock | undefined): (readonly [term: string, text: string])[] {
  if (!lock) return []
  const { edition } = lock
  return [
    ...(edition ? [['Set', `${edition.set}, number ${edition.number}`] as const] : []),
    ['Digest of the set', seedSetDigest(lock)],
  ]
}
