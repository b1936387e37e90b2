import type { LockedImage } from '../../bundle/format/lock.ts'
import { seedSetDigestOf } from '../../bundle/format/seed-set.ts'
import type { HeldSet } from './conditions.ts'

/** How a set compares with a bundle. */
export interface SetComparison {
  /** Names of it that the bundle does not have. */
  readonly absent: readonly string[]
  /** Names that stand for another image in the bundle, or may do so. */
  readonly strangers: ReadonlySet<string>
}

/**
 * Compares what a set holds with a bundle, name by name. Where nothing says what its names stand for, only its digest
 * tells: either all of them are the bundle's, or nobody can say which are.
 */
export function compareSet(
  { digest, names, digests }: HeldSet,
  locked: ReadonlyMap<string, LockedImage>,
): SetComparison {
  const held = names.filter((name) => locked.has(name))
  const absent = names.filter((name) => !locked.has(name))
  const inBundle = (name: string) => locked.get(name)?.target.digest
  if (digests) {
    const own = new Map(names.map((name, at) => [name, digests[at]]))
    return { absent, strangers: new Set(held.filter((name) => own.get(name) !== inBundle(name))) }
  }
  const isSame = absent.length === 0 && seedSetDigestOf(held.map((name) => [name, inBundle(name) ?? ''])) === digest
  return { absent, strangers: new Set(isSame ? [] : held) }
}
