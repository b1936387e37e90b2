import { WINDOW } from '../stream/symbols.ts'
import { BlockForecaster } from './block-forecaster.ts'
import { NOWHERE } from './segment-forecaster.ts'
import { hashOf5, TABLE_SIZE } from './word-hash.ts'

/** No match begins this near to the end of a segment. */
const MARGIN = 11
/** A segment with less is written as it is. */
const LEAST = 13

/** klauspost/compress at level 1, its fastest (apko): of each hash of five bytes the last place. */
export class SingleHashMatcher extends BlockForecaster {
  readonly #places = new Int32Array(TABLE_SIZE).fill(NOWHERE)
  // What a step found.
  #at = 0
  #found = NOWHERE

  protected forget(): void {
    this.#places.fill(NOWHERE)
  }

  protected work(start: number, end: number): void {
    if (end - start < LEAST) return
    const last = end - MARGIN
    let [at, written] = [start, start]
    for (;;) {
      const next = this.#search(at, written, last)
      if (next < 0) return
      at = this.#at
      let found = this.#found
      for (;;) {
        let length = this.common(at + 4, found + 4, end) + 4
        const back = this.sameBefore(at, found, written)
        at -= back
        found -= back
        length += back
        this.match(at, length, at - found)
        written = at + length
        at = next >= written ? next + 1 : written
        if (at >= last) {
          if (at + length + 8 < end) this.#places[this.#hash(at)] = at
          return
        }
        this.#places[this.#hash(at - 2)] = at - 2
        const hash = this.#hash(at)
        found = this.#places[hash]!
        this.#places[hash] = at
        if (at - found > WINDOW || this.word(found) !== this.word(at)) break
      }
      at += 1
    }
  }

  /** Sets where the next match is; gives the place after it that was looked at, or -1 at the end. */
  #search(start: number, written: number, last: number): number {
    for (let at = start; ; ) {
      const next = at + 2 + ((at - written) >> 5)
      if (next > last) return -1
      const [hash, nextHash] = [this.#hash(at), this.#hash(next)]
      const found = this.#places[hash]!
      this.#places[hash] = at
      if (this.#isMatch(at, found)) {
        this.#places[nextHash] = next
        return next
      }
      const other = this.#places[nextHash]!
      this.#places[nextHash] = next
      if (this.#isMatch(next, other)) {
        this.#places[nextHash] = next + 1
        return next + 1
      }
      at = next + 1
    }
  }

  #isMatch(at: number, found: number): boolean {
    if (at - found >= WINDOW || this.word(at) !== this.word(found)) return false
    this.#at = at
    this.#found = found
    return true
  }

  #hash(at: number): number {
    return hashOf5(this.word(at), this.word(at + 4))
  }
}
