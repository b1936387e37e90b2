import type { DeflateToken } from '../stream/inflate.ts'
import { MAX_MATCH } from '../stream/symbols.ts'
import type { Forecaster } from './forecaster.ts'
import { SlidingText } from './sliding-text.ts'

/** Go's fast levels take text in segments of this size. */
export const SEGMENT = 65535
/** A place that no match reaches. */
export const NOWHERE = -4 * SEGMENT
/** A segment that is flushed with less is written without a search, and nothing before its end is seen any more. */
const LEAST = 128
/** The shortest match that is split off a longer one. */
const SHORTEST = 3

/**
 * Writers whose tokens in a segment depend on nothing but the text: they are worked out for the whole segment when its
 * first token is asked for.
 */
export abstract class SegmentForecaster implements Forecaster {
  readonly text = new SlidingText()
  readonly lookAhead = SEGMENT
  position = 0
  limit = Number.MAX_SAFE_INTEGER
  /** Where the stream began. */
  protected origin = 0
  /** Nothing before this is seen. */
  protected floor = 0
  /** The matches of the segment at hand, by where in it each begins; 0 where a literal is. */
  readonly #tokens = new Uint32Array(SEGMENT)
  #start = 0
  #end = 0
  #wasFlushed = false
  /** Tokens of the segment. */
  #count = 0

  restart(): void {
    this.#start = this.position
    this.#end = this.position
    this.origin = this.position
    this.floor = this.position
    this.#wasFlushed = false
    this.forget()
  }

  predict(): DeflateToken {
    while (this.position >= this.#end) this.#next()
    return this.#tokens[this.position - this.#start] || this.text.bytes[this.position - this.text.start]!
  }

  accept(token: DeflateToken): void {
    this.position += token >>> 16 || 1
  }

  skip(length: number): void {
    this.position += length
    // What lies in it is remembered while its text is at hand.
    while (this.#end < this.position) this.#next()
  }

  /** Forgets every place. */
  protected abstract forget(): void

  /** Finds the matches between two positions, and gives each to {@link match}. */
  protected abstract work(start: number, end: number): void

  /** Another segment begins here; `wasFlushed` where the one before it ended with a flush. */
  protected begin(_start: number, _wasFlushed: boolean): void {}

  protected match(at: number, length: number, distance: number): void {
    this.#count -= length
    let place = at - this.#start
    for (let left = length; left > 0; ) {
      const part = left <= MAX_MATCH ? left : left > MAX_MATCH + SHORTEST ? MAX_MATCH : MAX_MATCH - SHORTEST
      this.#tokens[place] = (part << 16) | distance
      this.#count += 1
      place += part
      left -= part
    }
  }

  /** How many bytes from two places on are the same, up to the position `end`. */
  protected common(at: number, other: number, end: number): number {
    const { bytes, start } = this.text
    const last = end - start
    let [here, there] = [at - start, other - start]
    while (here < last && bytes[here] === bytes[there]) {
      here++
      there++
    }
    return here - (at - start)
  }

  protected word(at: number): number {
    const { bytes, start } = this.text
    const here = at - start
    return bytes[here]! | (bytes[here + 1]! << 8) | (bytes[here + 2]! << 16) | (bytes[here + 3]! << 24)
  }

  #next(): void {
    const start = this.#end
    const end = Math.min(start + SEGMENT, this.limit > start ? this.limit : Number.MAX_SAFE_INTEGER)
    const length = end - start
    this.#start = start
    this.#end = end
    this.begin(start, this.#wasFlushed)
    this.#wasFlushed = end === this.limit
    this.#tokens.fill(0)
    if (length < LEAST) {
      this.floor = end
      this.forget()
      return
    }
    this.#count = length
    this.work(start, end)
    // With so little saved it writes literals only.
    if (this.#count > length - (length >> 4)) this.#tokens.fill(0)
  }
}
