import type { ConcurrencyLimit } from '../http/concurrency-limit.ts'

/** A large blob that comes slowly while other connections lie idle is worth several of them. */
export class TooSlow extends Error {
  /** Bytes that one connection brings in half a second: what is asked for at once, and lost when a run is killed. */
  readonly piece: number

  constructor(bytesPerSecond: number) {
    super('too slow')
    this.piece = Math.min(Math.max(Math.round(bytesPerSecond / 2), SMALLEST_PIECE), LARGEST_PIECE)
  }
}

const SMALLEST_PIECE = 1 << 20
/** Pieces that come early wait in memory. */
const LARGEST_PIECE = 8 << 20

/** Milliseconds after which the rate of a transfer is known. */
const SETTLED = 1000
/** Milliseconds that a transfer must have before it for a change to be worth its while. */
const WORTH = 4000

/** Bytes below which there is too little for several connections. */
const LEAST = 24 << 20

/** Watches one transfer: how much of it would be left for how long. */
export class Haste {
  readonly #limit: ConcurrencyLimit
  readonly #started: number
  readonly #now: () => number
  #left: number
  #arrived = 0

  constructor(limit: ConcurrencyLimit, left: number, now: () => number = Date.now) {
    this.#limit = limit
    this.#left = left
    this.#now = now
    this.#started = now()
  }

  /** @throws TooSlow when the rest should come over several connections. */
  arrived(bytes: number): void {
    this.#arrived += bytes
    this.#left -= bytes
    const elapsed = this.#now() - this.#started
    if (elapsed < SETTLED || this.#left < LEAST || !this.#limit.isIdle) return
    if ((this.#left / this.#arrived) * elapsed > WORTH) throw new TooSlow((this.#arrived / elapsed) * 1000)
  }
}
