import { isDeepStrictEqual } from 'node:util'
import type { Edition, Lock } from '../format/lock.ts'

/** The set that images belong to unless it is named. */
export const DEFAULT_SET = 'images'

/** What people say of an edition. */
export interface ToldEdition {
  readonly set?: string | undefined
  readonly number?: number | undefined
}

/** An edition for people: `number 2 of the set shop`. */
export function sayEdition({ set, number }: Edition): string {
  return `number ${number} of the set ${set}`
}

/** The edition that several locks are together: the latest, where all are of one set. */
export function jointEdition(locks: readonly Lock[]): Edition | undefined {
  const editions = locks.flatMap(({ images, edition }) => (images.length > 0 || edition ? [edition] : []))
  const [first] = editions
  if (!first || editions.some((edition) => edition?.set !== first.set)) return undefined
  return { set: first.set, number: Math.max(...editions.map((edition) => edition?.number ?? 0)) }
}

/**
 * The lock as an edition: of the set and with the number that people say, or that it has, or the number after that of the
 * lock which it replaces; that number itself where nothing changed.
 */
export function asEdition(lock: Lock, told: ToldEdition, replaced?: Lock): Lock {
  const before = replaced?.edition ?? lock.edition
  const set = told.set ?? before?.set ?? DEFAULT_SET
  const { version, images, missing, waiting } = lock
  const edition = { set, number: told.number ?? nextNumber(lock, set, before, replaced) }
  return { version, edition, images, ...(missing && { missing }), ...(waiting && { waiting }) }
}

function nextNumber({ images }: Lock, set: string, before: Edition | undefined, replaced: Lock | undefined): number {
  if (before?.set !== set) return 1
  const isNew = replaced !== undefined && !isDeepStrictEqual(replaced.images, images)
  return isNew ? before.number + 1 : before.number
}

/** Why a lock must not take the place of one that is held: another set, or an older edition; undefined when it may. */
export function replayProblem(offered: Lock, held: Lock): string | undefined {
  const [now, before] = [offered.edition, held.edition]
  if (!now || !before) return `${now ? 'what is held' : 'it'} has no set and number, so nobody can tell which is newer`
  if (now.set !== before.set) return `it is of the set ${now.set}, what is held of the set ${before.set}`
  if (now.number < before.number) return `it is ${sayEdition(now)}, older than number ${before.number} that is held`
  if (now.number > before.number || isDeepStrictEqual(offered.images, held.images)) return undefined
  return `it is ${sayEdition(now)} as what is held, and holds other images`
}
