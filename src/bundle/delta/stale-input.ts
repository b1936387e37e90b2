import type { Lock } from '../format/lock.ts'
import { DEFAULT_SET, replayProblem, sayEdition } from '../lock/edition.ts'
import { diffLocks } from './diff.ts'
import type { MergedInput } from './merge-locks.ts'

/**
 * Why what comes later among bundles to merge must not decide: it is of a set of which an earlier one is a newer edition, or
 * another of the same number; undefined where nothing goes back. Of whole bundles that is so only where they give one name
 * to two images. Several projects share the set that nobody named, so of that the same number says nothing.
 */
export function staleInput(inputs: readonly MergedInput[]): { at: number; problem: string } | undefined {
  for (const [at, { lock, isDelta }] of inputs.entries()) {
    for (const { lock: before } of inputs.slice(0, at)) {
      const problem = goesBack(lock, before)
      if (problem && (isDelta || diffLocks(before, lock).moved.length > 0)) return { at, problem }
    }
  }
  return undefined
}

/** Why one lock is an older edition than another of its set, or another of its number; undefined where nobody can tell. */
export function goesBack(now: Lock, before: Lock): string | undefined {
  const [later, earlier] = [now.edition, before.edition]
  if (!later || !earlier || later.set !== earlier.set) return undefined
  if (later.set === DEFAULT_SET && later.number === earlier.number) return undefined
  return replayProblem(now, before)
}

/** The edition that two locks of the set that nobody named both are, where they hold other images; undefined where none is. */
export function sharedNumber(locks: readonly Lock[]): string | undefined {
  const byNumber = Map.groupBy(locks, ({ edition }) => (edition?.set === DEFAULT_SET ? edition.number : undefined))
  for (const [number, [first, ...more]] of byNumber) {
    const isShared = number !== undefined && more.some((lock) => first && replayProblem(lock, first) !== undefined)
    if (isShared) return sayEdition({ set: DEFAULT_SET, number })
  }
  return undefined
}

/** What several locks are editions of, said of each; undefined where it is one set, or none. */
export function severalSets(locks: readonly Lock[]): string | undefined {
  const sets = new Set(locks.map(({ edition }) => edition?.set))
  if (sets.size < 2) return undefined
  return locks.map(({ edition }) => (edition ? sayEdition(edition) : 'one without a number')).join(', ')
}
