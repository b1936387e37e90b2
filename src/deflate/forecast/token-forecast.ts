import type { DeflateToken } from '../stream/inflate.ts'
import { NotDeflate } from '../stream/not-deflate.ts'
import { MAX_MATCH } from '../stream/symbols.ts'
import type { VarintReader, VarintWriter } from '../stream/varints.ts'
import { ChainMatcher } from './chain-matcher.ts'
import { DoubleHashMatcher } from './double-hash-matcher.ts'
import type { Forecaster } from './forecaster.ts'
import { GoFastMatcher } from './go-fast-matcher.ts'
import type { MatchPolicy } from './match-policy.ts'
import { SingleHashMatcher } from './single-hash-matcher.ts'

/**
 * Where a writer's tokens differ from what its policy foretells: how many were right before it, then what it took, as its
 * length less two and its distance, or 0 for a literal.
 */
export class Surprises {
  readonly matcher: Forecaster
  readonly #out: VarintWriter
  #right = 0
  /** How many there were. */
  count = 0

  constructor(policy: MatchPolicy, out: VarintWriter) {
    this.matcher = forecasterOf(policy)
    this.#out = out
  }

  note(tokens: Uint32Array): void {
    const { matcher } = this
    for (const token of tokens) {
      if (matcher.predict() === token) {
        this.#right++
      } else {
        this.count++
        this.#out.number(this.#right)
        this.#right = 0
        const length = token >>> 16
        this.#out.number(length === 0 ? 0 : length - 2)
        if (length > 0) this.#out.number(token & 0xffff)
      }
      matcher.accept(token)
    }
  }

  finish(): void {
    this.#out.number(this.#right)
  }
}

/** The tokens themselves again, from the text and what {@link Surprises} noted. */
export class Forecast {
  readonly matcher: Forecaster
  readonly #surprises: VarintReader
  #right: number

  constructor(policy: MatchPolicy, surprises: VarintReader) {
    this.matcher = forecasterOf(policy)
    this.#surprises = surprises
    this.#right = surprises.number()
  }

  /** @throws {NotDeflate} where the text does not have what was noted */
  next(): DeflateToken {
    const { matcher } = this
    if (matcher.position >= matcher.limit) throw new NotDeflate('a description of more text than there is')
    const token = this.#right-- > 0 ? matcher.predict() : this.#surprise()
    matcher.accept(token)
    return token
  }

  #surprise(): DeflateToken {
    // The writer looked here too, and remembered what it saw.
    const { matcher } = this
    const foretold = matcher.predict()
    const length = this.#surprises.number()
    const distance = length > 0 ? this.#surprises.number() : 0
    this.#right = this.#surprises.number()
    if (length === 0) {
      return foretold >>> 16 === 0 ? foretold : matcher.text.bytes[matcher.position - matcher.text.start]!
    }
    const isThere = length + 2 <= MAX_MATCH && distance > 0 && distance <= 32768
    if (!isThere || matcher.position + length + 2 > matcher.limit) throw new NotDeflate('a match that cannot be')
    return ((length + 2) << 16) | distance
  }
}

function forecasterOf(policy: MatchPolicy): Forecaster {
  if (policy.kind === 'chain') return new ChainMatcher(policy)
  if (policy.kind === 'go-fast') return new GoFastMatcher()
  return policy.level === 1 ? new SingleHashMatcher(policy.inBlocks) : new DoubleHashMatcher(policy)
}
