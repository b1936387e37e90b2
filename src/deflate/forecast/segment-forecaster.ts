import type { DeflateToken } from '../stream/inflate.ts'
import { MAX_MATCH } from '../stream/symbols.ts'
import type { Forecaster } from './forecaster.ts'
import { RECOUNTED_AFTER, SlidingText } from './sliding-text.ts'

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
  /** Where the stream began; places are counted from a beginning that moves up. */
  protected origin = 0
  /** Nothing before this place is seen. */
  protected floor = 0
  /** What places are counted from. */
  #zero = 0
  /** The place of the first byte of the text at hand. */
  #first = 0
  readonly #recountedAfter: number
  /** The matches of the segment at hand, by where in it each begins; 0 where a literal is. */
  readonly #tokens = new Uint32Array(SEGMENT)
  #start = 0
  #end = 0
  #wasFlushed = false
  /** Tokens of the segment. */
  #count = 0

  constructor(recountedAfter = RECOUNTED_AFTER) {
    this.#recountedAfter = recountedAfter
  }

  restart(): void {
    this.#start = this.position
    this.#end = this.position
    this.#zero = this.position
    this.origin = 0
    this.floor = 0
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

  /** Finds the matches between two places, and gives each to {@link match}. */
  protected abstract work(start: number, end: number): void

  /** Another segment begins here; `wasFlushed` where the one before it ended with a flush. */
  protected begin(_start: number, _wasFlushed: boolean): void {}

  protected match(at: number, length: number, distance: number): void {
    this.#count -= length
    let place = at + this.#zero - this.#start
    for (let left = length; left > 0; ) {
      const part = left <= MAX_MATCH ? left : left > MAX_MATCH + SHORTEST ? MAX_MATCH : MAX_MATCH - SHORTEST
      this.#tokens[place] = (part << 16) | distance
      this.#count += 1
      place += part
      left -= part
    }
  }

  /** How many bytes from two places on are the same, up to the place `end`. */
  protected common(at: number, other: number, end: number): number {
    const { bytes } = this.text
    const start = this.#first
    const last = end - start
    let [here, there] = [at - start, other - start]
    while (here < last && bytes[here] === bytes[there]) {
      here++
      there++
    }
    return here - (at - start)
  }

  /** How many bytes before two places are the same, not more than `most`. */
  protected commonBefore(at: number, other: number, most: number): number {
    const { bytes } = this.text
    const [here, there] = [at - 1 - this.#first, other - 1 - this.#first]
    let length = 0
    while (length < most && bytes[here - length] === bytes[there - length]) length++
    return length
  }

  protected word(at: number): number {
    const { bytes } = this.text
    const here = at - this.#first
    return bytes[here]! | (bytes[here + 1]! << 8) | (bytes[here + 2]! << 16) | (bytes[here + 3]! << 24)
  }

  #next(): void {
    const start = this.#end
    const end = Math.min(start + SEGMENT, this.limit > start ? this.limit : Number.MAX_SAFE_INTEGER)
    const length = end - start
    this.#start = start
    this.#end = end
    if (start - this.#zero > this.#recountedAfter) this.#recount(start)
    this.#first = this.text.start - this.#zero
    this.begin(start - this.#zero, this.#wasFlushed)
    this.#wasFlushed = end === this.limit
    this.#tokens.fill(0)
    if (length < LEAST) {
      this.floor = end - this.#zero
      this.forget()
      return
    }
    this.#count = length
    this.work(start - this.#zero, end - this.#zero)
    // With so little saved it writes literals only.
    if (this.#count > length - (length >> 4)) this.#tokens.fill(0)
  }

  /** Places are counted from here on: what was remembered is forgotten, and the next window has some surprises. */
  #recount(start: number): void {
    this.origin -= start - this.#zero
    this.#zero = start
    this.floor = 0
    this.forget()
  }
}
