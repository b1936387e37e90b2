import type { Lock } from '../format/lock.ts'
import { joinLocks } from '../lock/lock.ts'
import { diffLocks, type NamedImage } from './diff.ts'

/** A bundle to merge, as far as its lock goes. */
export interface MergedInput {
  readonly lock: Lock
  /** Whether it leaves out what its receiver has. */
  readonly isDelta: boolean
}

/**
 * The lock of several bundles together, the base first. A delta is the next edition of its set: what earlier bundles of
 * that set have and it has not is let go. Of bundles that are whole, all is kept; where two give one name to two images, the
 * later decides. With `only`, the result is that lock. Its number is that of the delta which decides, or the highest.
 */
export function mergeLocks(
  inputs: readonly MergedInput[],
  { only, keepAll = false }: { only?: Lock | undefined; keepAll?: boolean } = {},
): { lock: Lock; letGo: readonly NamedImage[] } {
  const all = joinLocks(inputs.map(({ lock }) => lock).toReversed())
  const lock = only ?? (keepAll ? all : joinLocks(withoutReplaced(inputs).toReversed()))
  return { lock, letGo: diffLocks(all, lock).removed }
}

function withoutReplaced(inputs: readonly MergedInput[]): Lock[] {
  return inputs.map(({ lock }, at) => {
    const isReplaced = inputs.slice(at + 1).some((later) => later.isDelta && setOf(later.lock) === setOf(lock))
    if (!isReplaced) return lock
    const { edition: _replaced, waiting: _waiting, ...rest } = lock
    return { ...rest, images: [] }
  })
}

/** Bundles of before sets had names are of one set. */
function setOf({ edition }: Lock): string | undefined {
  return edition?.set
}
