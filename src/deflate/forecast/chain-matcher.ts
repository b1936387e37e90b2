import type { DeflateToken } from '../stream/inflate.ts'
import { MAX_MATCH, WINDOW } from '../stream/symbols.ts'
import type { Forecaster } from './forecaster.ts'
import { type ChainPolicy, TOO_FAR } from './match-policy.ts'
import { RECOUNTED_AFTER, SlidingText } from './sliding-text.ts'

const MASK = WINDOW - 1
/** compress/flate moves its window of 64 KiB by half when less than its longest look ahead is left. */
const GO_MOVES_AT = 2 * WINDOW - (4 + MAX_MATCH)

/** zlib, GNU gzip and Go's compress/flate from level 2 on: places with one hash are chained, the nearest first. */
export class ChainMatcher implements Forecaster {
  readonly text = new SlidingText()
  readonly lookAhead = 1024
  position = 0
  limit = Number.MAX_SAFE_INTEGER
  readonly #policy: ChainPolicy
  readonly #head: Int32Array
  readonly #previous = new Int32Array(WINDOW)
  readonly #shift: number
  readonly #recountedAfter: number
  /** What the remembered places are counted from. */
  #zero = 0
  #inserted = 0
  #floor = 0
  #base = 0
  // The match at the next position, when it was looked up already.
  #pendingAt = -1
  #pendingLength = 0
  #pendingDistance = 0
  // What the last search found.
  #length = 0
  #distance = 0

  constructor(policy: ChainPolicy, recountedAfter = RECOUNTED_AFTER) {
    this.#policy = policy
    this.#recountedAfter = recountedAfter
    this.#head = new Int32Array(1 << policy.hashBits).fill(-1)
    this.#shift = Math.ceil(policy.hashBits / 3)
    this.restart()
  }

  restart(): void {
    this.#head.fill(-1)
    this.#inserted = this.position
    // To zlib, position 0 of a stream is no place to point to.
    this.#floor = this.position + (this.#policy.shortest === 3 ? 1 : 0)
    this.#base = this.position
    this.#pendingAt = -1
  }

  predict(): DeflateToken {
    const { shortest, lazy } = this.#policy
    const at = this.position
    if (at - this.#zero > this.#recountedAfter) this.#recount(at)
    if (this.#pendingAt === at) {
      this.#length = this.#pendingLength
      this.#distance = this.#pendingDistance
    } else {
      this.#search(at, shortest - 1)
    }
    const [length, distance] = [this.#length, this.#distance]
    if (length < shortest) return this.text.bytes[at - this.text.start]!
    if (length < lazy) {
      this.#search(at + 1, length)
      if (this.#length > length) {
        this.#pendingAt = at + 1
        this.#pendingLength = this.#length
        this.#pendingDistance = this.#distance
        return this.text.bytes[at - this.text.start]!
      }
    }
    return (length << 16) | distance
  }

  accept(token: DeflateToken): void {
    const length = token >>> 16
    if (length === 0) {
      this.position += 1
      return
    }
    if (length > this.#policy.remembered) {
      this.#insertUpTo(this.position + 1)
      this.#inserted = Math.max(this.#inserted, this.position + length)
    }
    this.position += length
  }

  skip(length: number): void {
    this.position += length
  }

  /** The longest match at a position that is longer than `least`; else a length of at most `least`. */
  #search(at: number, least: number): void {
    const { shortest, lazy, nice, good, chain, farthest } = this.#policy
    this.#length = least
    this.#distance = 0
    const room = Math.min(MAX_MATCH, this.limit - at)
    if (room < shortest || room <= least) return
    if (shortest === 4) this.#moveWindow(at)
    let candidate = this.#remember(at)
    const { bytes, start } = this.text
    const previous = this.#previous
    const place = at - this.#zero
    const before = start - this.#zero
    const lowest = Math.max(this.#floor - this.#zero, place - farthest)
    // zlib looks at the farthest place only when it is the first, and a place that is overwritten leads nowhere.
    const lowestNext = Math.max(lowest, shortest === 3 ? place - farthest + 1 : 0)
    const overwritten = place - WINDOW
    const enough = Math.min(nice, room)
    const here = at - start
    let steps = candidate < lowest ? 0 : least >= good ? chain >> 2 : chain
    let [best, distance] = [least, 0]
    let [last, beforeLast] = [bytes[here + best], bytes[here + best - 1]]
    for (; steps > 0; steps--) {
      const there = candidate - before
      if (bytes[there + best] === last && bytes[there + best - 1] === beforeLast) {
        let length = 0
        while (length < room && bytes[there + length] === bytes[here + length]) length++
        if (length > best && (shortest === 3 || length > 4 || place - candidate <= TOO_FAR)) {
          best = length
          distance = place - candidate
          if (length >= enough) break
          last = bytes[here + best]
          beforeLast = bytes[here + best - 1]
        }
      }
      const next = previous[candidate & MASK]!
      if (next >= candidate || next < lowestNext || candidate <= overwritten) break
      candidate = next
    }
    this.#distance = distance
    if (shortest === 3 && lazy > 0 && best === 3 && this.#distance > TOO_FAR) best = 2
    this.#length = best
  }

  /** Remembers all up to a position, and this one; gives the place remembered before it with the same hash. */
  #remember(at: number): number {
    if (this.#inserted <= at) this.#insertUpTo(at + 1)
    return this.#previous[(at - this.#zero) & MASK]!
  }

  #insertUpTo(end: number): void {
    // Text that went by without a search: what is a window ago cannot be seen any more.
    if (end - this.#inserted > WINDOW) this.#inserted = end - WINDOW
    const { shortest, hashBits } = this.#policy
    const { bytes, start } = this.text
    const head = this.#head
    const previous = this.#previous
    const mask = (1 << hashBits) - 1
    const shift = this.#shift
    const zero = this.#zero
    for (let at = this.#inserted; at < end; at++) {
      const here = at - start
      const hash =
        shortest === 3
          ? ((bytes[here]! << (2 * shift)) ^ (bytes[here + 1]! << shift) ^ bytes[here + 2]!) & mask
          : Math.imul(
              (bytes[here]! << 24) | (bytes[here + 1]! << 16) | (bytes[here + 2]! << 8) | bytes[here + 3]!,
              0x1e35a7bd,
            ) >>>
            (32 - hashBits)
      previous[(at - zero) & MASK] = head[hash]!
      head[hash] = at - zero
    }
    if (end > this.#inserted) this.#inserted = end
  }

  /** Remembers what can be seen from a position anew, counted from near it. */
  #recount(at: number): void {
    const seen = Math.min(this.#inserted, at + 1)
    this.#zero = at - WINDOW - 1
    this.#head.fill(-1)
    this.#inserted = this.#zero
    this.#insertUpTo(seen)
  }

  /** What compress/flate can no longer see after its window moved. */
  #moveWindow(at: number): void {
    while (at - this.#base > GO_MOVES_AT) {
      this.#base += WINDOW
      this.#floor = this.#base
    }
  }
}
