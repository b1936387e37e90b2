/** How many requests to one registry run at the same time. */
export interface ConcurrencyLimitOptions {
  readonly start: number
  readonly maximum: number
  /** Milliseconds since any fixed moment. */
  readonly now?: () => number
}

/** Throughput is judged over this many milliseconds. */
const WINDOW = 400
/** More connections are worth having while they bring at least this much more. */
const WORTH = 1.15

/**
 * Lets requests to one registry through, as many at a time as does good: twice as many while throughput grows with
 * them, one more now and then after that, half as many when the registry says stop.
 */
export class ConcurrencyLimit {
  readonly #maximum: number
  readonly #now: () => number
  #limit: number
  #active = 0
  #resumeAt = 0
  readonly #waiting: (() => void)[] = []
  #doubling = true
  #windowStart = 0
  #windowBytes = 0
  #wasFull = false
  #lastRate = 0

  constructor({ start, maximum, now = Date.now }: ConcurrencyLimitOptions) {
    this.#limit = Math.min(start, maximum)
    this.#maximum = maximum
    this.#now = now
  }

  get limit(): number {
    return this.#limit
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#active < this.#limit) this.#active++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      this.#active--
      this.#admit()
    }
  }

  /** Bytes that arrived: what the limit is judged by. */
  transferred(bytes: number): void {
    const now = this.#now()
    if (this.#windowStart === 0) this.#windowStart = now
    this.#windowBytes += bytes
    if (this.#active < this.#limit) this.#wasFull = false
    const elapsed = now - this.#windowStart
    if (elapsed < WINDOW) return
    if (this.#wasFull && this.#waiting.length > 0) this.#judge(this.#windowBytes / elapsed)
    this.#windowStart = now
    this.#windowBytes = 0
    this.#wasFull = true
  }

  /** The registry asked for less: half as many, and none for `pause` milliseconds. */
  backOff(pause = 0): void {
    this.#limit = Math.max(1, Math.floor(this.#limit / 2))
    this.#doubling = false
    this.#lastRate = 0
    this.#resumeAt = Math.max(this.#resumeAt, this.#now() + pause)
  }

  /** Whether more requests could run now than there are. */
  get isIdle(): boolean {
    return this.#active < this.#limit && this.#waiting.length === 0
  }

  /** Milliseconds until the registry wants to hear from us again. */
  get pause(): number {
    return Math.max(0, this.#resumeAt - this.#now())
  }

  #judge(rate: number): void {
    const grew = rate > this.#lastRate * WORTH
    if (!grew) this.#doubling = false
    // Without growth the limit stays: what it is now is as good as one more would be.
    else this.#limit = Math.min(this.#maximum, this.#doubling ? this.#limit * 2 : this.#limit + 1)
    this.#lastRate = Math.max(rate, this.#lastRate)
    this.#admit()
  }

  #admit(): void {
    while (this.#active < this.#limit && this.#waiting.length > 0) {
      this.#active++
      this.#waiting.shift()?.()
    }
  }
}
