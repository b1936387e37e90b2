import { MAX_MATCH, WINDOW } from '../stream/symbols.ts'
import { NOWHERE, SEGMENT, SegmentForecaster } from './segment-forecaster.ts'

/** No match begins this near to the end of a segment. */
const MARGIN = 15
const TABLE_BITS = 14

/**
 * Go's compress/flate at level 1 (ko, crane and other programs on go-containerregistry): one place remembered for each
 * hash of four bytes, larger steps where nothing matches, segment after segment.
 */
export class GoFastMatcher extends SegmentForecaster {
  readonly #places = new Int32Array(1 << TABLE_BITS).fill(NOWHERE)
  readonly #values = new Int32Array(1 << TABLE_BITS)

  protected forget(): void {
    this.#places.fill(NOWHERE)
  }

  protected work(start: number, end: number): void {
    const last = end - MARGIN
    let [at, value] = [start, this.word(start)]
    for (;;) {
      let found = NOWHERE
      let next = at
      for (let skipped = 32; ; ) {
        at = next
        const step = skipped >> 5
        next = at + step
        skipped += step
        if (next > last) return
        found = this.#exchange(at, value)
        if (found !== NOWHERE) break
        value = this.word(next)
      }
      for (;;) {
        const length = 4 + this.#common(at + 4, found + 4, Math.min(at + MAX_MATCH, end), start)
        this.match(at, length, at - found)
        at += length
        if (at >= last) return
        this.#exchange(at - 1, this.word(at - 1))
        found = this.#exchange(at, this.word(at))
        if (found === NOWHERE) break
      }
      at += 1
      value = this.word(at)
    }
  }

  /** Remembers a place, and gives the one remembered before it where it has the same four bytes and is near enough. */
  #exchange(at: number, value: number): number {
    const hash = Math.imul(value, 0x1e35a7bd) >>> (32 - TABLE_BITS)
    const place = this.#places[hash]!
    const isMatch = this.#values[hash] === value && at - place <= WINDOW
    this.#places[hash] = at
    this.#values[hash] = value
    return isMatch ? place : NOWHERE
  }

  /** Only the segment before this one is still at hand. */
  #common(at: number, other: number, end: number, start: number): number {
    return other < start - SEGMENT ? 0 : this.common(at, other, end)
  }
}
