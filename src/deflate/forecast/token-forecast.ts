import { type FollowedRun, FollowedTokens, type OpenAt } from '../follow/followed-tokens.ts'
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

/** Where tokens may be taken from that another file has for the same text. */
export interface Followed {
  readonly runs: readonly FollowedRun[]
  readonly open: OpenAt
}

/** What foretells a writer's tokens: those of a file that it wrote before, for text that both have, and its policy. */
class Guide {
  readonly matcher: Forecaster
  readonly #followed: FollowedTokens | undefined
  /** The token that was foretold from the other file; -1 where it was the matcher that foretold. */
  #copied = -1

  constructor(policy: MatchPolicy, followed: Followed | undefined) {
    this.matcher = forecasterOf(policy)
    // Others find all matches of a segment at once.
    this.#followed = followed && policy.kind === 'chain' ? new FollowedTokens(followed.runs, followed.open) : undefined
  }

  predict(): DeflateToken {
    const { matcher } = this
    this.#copied = this.#followed === undefined ? -1 : this.#followed.at(matcher.position, matcher.limit)
    return this.#copied >= 0 ? this.#copied : matcher.predict()
  }

  accept(token: DeflateToken): void {
    if (this.#copied < 0) {
      this.matcher.accept(token)
    } else {
      this.#followed!.note(token === this.#copied)
      this.matcher.skip(token >>> 16 || 1)
    }
  }
}

/**
 * Where a writer's tokens differ from what is foretold: how many were right before it, then what it took, as its length
 * less two and its distance, or 0 for a literal.
 */
export class Surprises {
  readonly matcher: Forecaster
  readonly #guide: Guide
  readonly #out: VarintWriter
  #right = 0
  /** How many there were. */
  count = 0

  constructor(policy: MatchPolicy, out: VarintWriter, followed?: Followed) {
    this.#guide = new Guide(policy, followed)
    this.matcher = this.#guide.matcher
    this.#out = out
  }

  note(tokens: Uint32Array): void {
    const guide = this.#guide
    for (const token of tokens) {
      if (guide.predict() === token) {
        this.#right++
      } else {
        this.count++
        this.#out.number(this.#right)
        this.#right = 0
        const length = token >>> 16
        this.#out.number(length === 0 ? 0 : length - 2)
        if (length > 0) this.#out.number(token & 0xffff)
      }
      guide.accept(token)
    }
  }

  finish(): void {
    this.#out.number(this.#right)
  }
}

/** The tokens themselves again, from the text and what {@link Surprises} noted. */
export class Forecast {
  readonly matcher: Forecaster
  readonly #guide: Guide
  readonly #surprises: VarintReader
  #right: number

  constructor(policy: MatchPolicy, surprises: VarintReader, followed?: Followed) {
    this.#guide = new Guide(policy, followed)
    this.matcher = this.#guide.matcher
    this.#surprises = surprises
    this.#right = surprises.number()
  }

  /** @throws {NotDeflate} where the text does not have what was noted */
  next(): DeflateToken {
    const { matcher } = this
    if (matcher.position >= matcher.limit) throw new NotDeflate('a description of more text than there is')
    // The writer looked here too, and remembered what it saw.
    const foretold = this.#guide.predict()
    const token = this.#right-- > 0 ? foretold : this.#surprise()
    this.#guide.accept(token)
    return token
  }

  #surprise(): DeflateToken {
    const { matcher } = this
    const length = this.#surprises.number()
    const distance = length > 0 ? this.#surprises.number() : 0
    this.#right = this.#surprises.number()
    if (length === 0) return matcher.text.bytes[matcher.position - matcher.text.start]!
    const isThere = length + 2 <= MAX_MATCH && distance > 0 && distance <= 32768
    if (!isThere || matcher.position + length + 2 > matcher.limit) throw new NotDeflate('a match that cannot be')
    return ((length + 2) << 16) | distance
  }
}

/** @param recountedAfter how much text goes by before places are counted anew; all of them can */
export function forecasterOf(policy: MatchPolicy, recountedAfter?: number): Forecaster {
  if (policy.kind === 'chain') return new ChainMatcher(policy, recountedAfter)
  if (policy.kind === 'go-fast') return new GoFastMatcher(recountedAfter)
  const { level, inBlocks } = policy
  return level === 1 ? new SingleHashMatcher(inBlocks, recountedAfter) : new DoubleHashMatcher(policy, recountedAfter)
}
