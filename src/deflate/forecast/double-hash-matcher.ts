import { MAX_MATCH, WINDOW } from '../stream/symbols.ts'
import { BlockForecaster } from './block-forecaster.ts'
import type { SegmentPolicy } from './match-policy.ts'
import { NOWHERE } from './segment-forecaster.ts'
import { hashOf4, hashOf7, TABLE_SIZE } from './word-hash.ts'

/** No match begins this near to the end of a segment. */
const MARGIN = 11
/** A segment with less is written as it is. */
const LEAST = 13

/**
 * klauspost/compress at levels 5, its default, and 6 (podman, buildah, skopeo, umoci): of each hash of seven bytes the
 * two last places, of each hash of four the last one.
 */
export class DoubleHashMatcher extends BlockForecaster {
  readonly #short = new Int32Array(TABLE_SIZE).fill(NOWHERE)
  readonly #long = new Int32Array(TABLE_SIZE).fill(NOWHERE)
  readonly #older = new Int32Array(TABLE_SIZE).fill(NOWHERE)
  readonly #policy: SegmentPolicy
  readonly #isSixth: boolean
  // What a step found.
  #at = 0
  #found = NOWHERE
  #length = 0

  constructor(policy: SegmentPolicy, recountedAfter?: number) {
    super(policy.inBlocks, recountedAfter)
    this.#policy = policy
    this.#isSixth = policy.level === 6
  }

  protected forget(): void {
    for (const table of [this.#short, this.#long, this.#older]) table.fill(NOWHERE)
  }

  protected work(start: number, end: number): void {
    if (end - start < LEAST) return
    const last = end - MARGIN
    let written = start
    let repeat = 1
    for (let at = start; ; ) {
      const next = this.#search(at, { written, last, end, repeat })
      if (next < 0) return
      this.#lookBehind(end, last)
      const back = this.sameBefore(this.#at, this.#found, written)
      const [here, length] = [this.#at - back, this.#length + back]
      repeat = this.#at - this.#found
      this.match(here, length, repeat)
      written = here + length
      at = next >= written ? next + 1 : written
      if (this.#isSixth) {
        if (at >= last) this.#rememberSparsely(next + 1, end - 8, false)
        else this.#rememberSparsely(next + 1, at - 1, true)
      } else if (at < last) this.#rememberMatch(at - length + 1, at)
      if (at >= last) return
    }
  }

  /** Sets where the next match is, as far as it is known; gives the place after it that was looked at, or -1 at the end. */
  #search(start: number, { written, last, end, repeat }: SearchState): number {
    const skip = this.#isSixth ? 7 : 6
    let next = start
    for (;;) {
      const at = next
      next = at + 1 + ((at - written) >> skip)
      if (next > last) return -1
      const value = this.word(at)
      const [shortHash, longHash] = [hashOf4(value), hashOf7(value, this.word(at + 4))]
      const [short, long, older] = [this.#short[shortHash]!, this.#long[longHash]!, this.#older[longHash]!]
      this.#short[shortHash] = at
      this.#older[longHash] = long
      this.#long[longHash] = at
      if (at - long < WINDOW) {
        if (this.word(long) === value) {
          this.#remember(next)
          this.#set(at, long, 0)
          if (at - older < WINDOW && this.word(older) === value) {
            const [one, other] = [this.#common(at, long, end), this.#common(at, older, end)]
            this.#set(at, other > one ? older : long, Math.max(one, other))
          }
          return next
        }
        if (at - older < WINDOW && this.word(older) === value) {
          this.#remember(next)
          this.#set(at, older, 0)
          return next
        }
      }
      if (at - short < WINDOW && this.word(short) === value) {
        this.#set(at, short, this.#common(at, short, end))
        this.#tryNext(next, end, repeat)
        return next
      }
    }
  }

  /** Whether a match that begins at the next place is longer than the one that was found. */
  #tryNext(next: number, end: number, repeat: number): void {
    const value = this.word(next)
    const hash = hashOf7(value, this.word(next + 4))
    const [long, older] = [this.#long[hash]!, this.#older[hash]!]
    this.#remember(next)
    if (this.#isSixth && this.word(this.#at - repeat + 1) === this.word(this.#at + 1)) {
      if (this.#isLonger(this.#at + 1, this.#at + 1 - repeat, end)) return
    }
    if (next - long >= WINDOW) return
    if (this.word(long) === value && this.#isLonger(next, long, end) && !this.#isSixth) return
    if (next - older < WINDOW && this.word(older) === value) this.#isLonger(next, older, end)
  }

  #isLonger(at: number, found: number, end: number): boolean {
    const length = this.#common(at, found, end)
    if (length <= this.#length) return false
    this.#set(at, found, length)
    return true
  }

  /** The length of a match whose first four bytes are known to be the same, as far as it is looked at. */
  #common(at: number, other: number, end: number): number {
    return this.common(at + 4, other + 4, Math.min(at + MAX_MATCH, end)) + 4
  }

  /** Extends the match to its end, and looks whether what follows it was seen with a longer match before it. */
  #lookBehind(end: number, last: number): void {
    if (this.#length === 0) this.#length = this.common(this.#at + 4, this.#found + 4, end) + 4
    else if (this.#length === MAX_MATCH) {
      this.#length += this.common(this.#at + MAX_MATCH, this.#found + MAX_MATCH, end)
    }
    const after = this.#at + this.#length
    if (after >= last || (!this.#isSixth && this.#length >= 30)) return
    const { skips } = this.#policy
    const at = this.#at + skips
    const hash = hashOf7(this.word(after), this.word(after + 4))
    const long = this.#long[hash]! - this.#length + skips
    if (at - long >= WINDOW) return
    this.#takeLonger(at, long, end)
    if (this.#isSixth) this.#takeLonger(at, this.#older[hash]! - this.#length + skips, end)
  }

  #takeLonger(at: number, found: number, end: number): void {
    if (found >= at || at - found >= WINDOW || found < this.floor) return
    const length = this.common(at, found, end)
    if (length > this.#length) this.#set(at, found, length)
  }

  #set(at: number, found: number, length: number): void {
    this.#at = at
    this.#found = found
    this.#length = length
  }

  #remember(at: number): void {
    this.#short[hashOf4(this.word(at))] = at
    this.#rememberLong(at)
  }

  #rememberLong(at: number): void {
    const hash = hashOf7(this.word(at), this.word(at + 4))
    this.#older[hash] = this.#long[hash]!
    this.#long[hash] = at
  }

  /** Level 5: some places inside a match, and the one before its end. */
  #rememberMatch(first: number, end: number): void {
    if (first < end - 1) {
      this.#remember(first)
      this.#rememberLong(first + 1)
      this.#short[hashOf4(this.word(first + 2))] = first + 2
      for (let at = first + 4; at < end - 1; at += 3) {
        this.#rememberLong(at)
        this.#short[hashOf4(this.word(at + 1))] = at + 1
      }
    }
    this.#remember(end - 1)
  }

  /** Level 6: every second place, and of the others the longer hash. */
  #rememberSparsely(first: number, end: number, withOthers: boolean): void {
    for (let at = first; at < end; at += 2) {
      this.#remember(at)
      if (withOthers) this.#rememberLong(at + 1)
    }
  }
}

interface SearchState {
  /** Up to where text was written. */
  readonly written: number
  /** No match begins after this. */
  readonly last: number
  readonly end: number
  /** The distance of the last match. */
  readonly repeat: number
}
