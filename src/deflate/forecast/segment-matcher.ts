import type { DeflateToken } from '../stream/inflate.ts'
import { MAX_MATCH, WINDOW } from '../stream/symbols.ts'
import type { Forecaster } from './forecaster.ts'
import { SlidingText } from './sliding-text.ts'

/** compress/flate takes text in segments of this size at its level 1. */
const SEGMENT = 65535
/** No match begins this near to the end of a segment. */
const MARGIN = 15
const TABLE_BITS = 14
/** A place that no match reaches. */
const NOWHERE = -2 * SEGMENT

/**
 * Go's compress/flate at level 1 (ko, crane and other programs on go-containerregistry): one place remembered for each
 * hash of four bytes, larger steps where nothing matches, segment after segment. What it does in a segment depends on
 * nothing but the text, so it is worked out for the whole segment when its first token is asked for.
 */
export class SegmentMatcher implements Forecaster {
  readonly text = new SlidingText()
  readonly lookAhead = SEGMENT
  position = 0
  limit = Number.MAX_SAFE_INTEGER
  readonly #places = new Int32Array(1 << TABLE_BITS).fill(NOWHERE)
  readonly #values = new Int32Array(1 << TABLE_BITS)
  /** The tokens of the segment at hand: where each begins, and which. */
  readonly #tokens = new Map<number, DeflateToken>()
  #start = 0
  #segmentEnd = 0
  /** Nothing before this is seen. */
  #floor = 0

  restart(): void {
    this.#places.fill(NOWHERE)
    this.#start = this.position
    this.#segmentEnd = this.position
    this.#floor = this.position
    this.#tokens.clear()
  }

  predict(): DeflateToken {
    while (this.position >= this.#segmentEnd) this.#work()
    return this.#tokens.get(this.position) ?? this.text.bytes[this.position - this.text.start]!
  }

  accept(token: DeflateToken): void {
    this.position += token >>> 16 || 1
  }

  skip(length: number): void {
    this.position += length
    // What lies in it is remembered while its text is at hand.
    while (this.#segmentEnd < this.position) this.#work()
  }

  #work(): void {
    this.#start = this.#segmentEnd
    const end = Math.min(this.#start + SEGMENT, this.limit)
    this.#segmentEnd = end
    this.#tokens.clear()
    if (end - this.#start < MARGIN + 2) {
      this.#floor = end
      return
    }
    this.#matches(this.#start, end)
  }

  #matches(start: number, end: number): void {
    const last = end - MARGIN
    let [at, value] = [start, this.#word(start)]
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
        value = this.#word(next)
      }
      for (;;) {
        const length = 4 + this.#common(at + 4, found + 4, Math.min(MAX_MATCH - 4, end - at - 4), start)
        this.#tokens.set(at, (length << 16) | (at - found))
        at += length
        if (at >= last) return
        this.#exchange(at - 1, this.#word(at - 1))
        found = this.#exchange(at, this.#word(at))
        if (found === NOWHERE) break
      }
      at += 1
      value = this.#word(at)
    }
  }

  /** Remembers a place, and gives the one remembered before it where it has the same four bytes and is near enough. */
  #exchange(at: number, value: number): number {
    const hash = Math.imul(value, 0x1e35a7bd) >>> (32 - TABLE_BITS)
    const place = this.#places[hash]!
    const isMatch = this.#values[hash] === value && at - place <= WINDOW && place >= this.#floor
    this.#places[hash] = at
    this.#values[hash] = value
    return isMatch ? place : NOWHERE
  }

  /** Only the segment before this one is still at hand. */
  #common(at: number, other: number, most: number, start: number): number {
    if (other < start - SEGMENT) return 0
    const { bytes, start: origin } = this.text
    let length = 0
    while (length < most && bytes[at - origin + length] === bytes[other - origin + length]) length++
    return length
  }

  #word(at: number): number {
    const { bytes, start } = this.text
    const here = at - start
    return bytes[here]! | (bytes[here + 1]! << 8) | (bytes[here + 2]! << 16) | (bytes[here + 3]! << 24)
  }
}
