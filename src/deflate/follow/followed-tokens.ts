import { BitReader, type Pull } from '../stream/bits.ts'
import { NotDeflate } from '../stream/not-deflate.ts'
import type { VarintReader, VarintWriter } from '../stream/varints.ts'
import { TokenReader } from './token-reader.ts'

/** Text that another gzip file has as well, and where to read the tokens that its writer took for it. */
export interface FollowedRun {
  /** Positions in the text that is to be compressed. */
  readonly start: number
  readonly end: number
  /** The first bit of the block of the other file in which the run begins, and how much of the block's text is before it. */
  readonly bit: number
  readonly before: number
}

/** Opens the other file at a byte. */
export type OpenAt = (byte: number) => Pull

/** A shorter run saves no time. */
export const SHORTEST_RUN = 16 * 1024
/** What is read of a block before a run begins in it is at most so many times the run. */
export const MOST_BEFORE = 8
const MAX_RUNS = 2 ** 18
/** Of so many tokens, one in `1 / MOST` may be another before none is believed any more. */
const TRIED = 4096
const MOST = 0.02
/** Ends and beginnings of blocks between two tokens: more has no writer in use. */
const MOST_EMPTY = 1000
const NONE = -1

/**
 * Foretells tokens as those that the writer of another file took for the same text. Where it was another writer, or chose otherwise
 * too often, it foretells none: that depends on nothing but the tokens that were really taken.
 */
export class FollowedTokens {
  readonly #runs: readonly FollowedRun[]
  readonly #open: OpenAt
  #next = 0
  #run: FollowedRun | undefined
  #tokens: TokenReader | undefined
  /** Where the token at hand begins. */
  #at = 0
  #foretold = 0
  #wrong = 0

  /** @param runs in the order of their positions; none overlaps another */
  constructor(runs: readonly FollowedRun[], open: OpenAt) {
    this.#runs = runs
    this.#open = open
  }

  /** The token at a position that is not before an earlier one; -1 where none is foretold. */
  at(position: number, limit: number): number {
    if (this.#run === undefined || position >= this.#run.end) this.#enter(position)
    const run = this.#run
    if (run === undefined || position < run.start) return NONE
    while (this.#at < position) if (!this.#step()) return NONE
    const tokens = this.#tokens
    if (tokens === undefined || this.#at !== position) return NONE
    const { token, length } = tokens
    // What it points to, or what follows, may be another text here.
    if (token < 0 || position + length > run.end || position + length > limit) return NONE
    if ((token & 0xffff) > position - run.start && length > 1) return NONE
    return token
  }

  /** What was really taken where a token was foretold. */
  note(wasRight: boolean): void {
    this.#foretold++
    if (wasRight) return
    this.#wrong++
    if (this.#foretold >= TRIED && this.#wrong > this.#foretold * MOST) this.#next = this.#runs.length
    else return
    this.#run = undefined
  }

  #enter(position: number): void {
    this.#run = undefined
    while (this.#next < this.#runs.length && this.#runs[this.#next]!.end <= position) this.#next++
    const run = this.#runs[this.#next]
    if (run === undefined || run.start > position) return
    this.#run = run
    this.#next++
    const bits = new BitReader(this.#open(Math.floor(run.bit / 8)))
    this.#tokens = new TokenReader(bits)
    this.#tokens.length = 0
    this.#at = run.start - run.before
    try {
      bits.read(run.bit % 8)
      this.#skipEmpty()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Goes on to the next token; false where there is none. */
  #step(): boolean {
    const tokens = this.#tokens
    if (tokens === undefined) return false
    this.#at += tokens.length
    try {
      this.#skipEmpty()
      return true
    } catch (error) {
      return this.#fail(error)
    }
  }

  #skipEmpty(): void {
    const tokens = this.#tokens!
    for (let left = MOST_EMPTY; left > 0; left--) {
      tokens.next()
      if (tokens.length > 0) return
    }
    throw new NotDeflate('blocks without text')
  }

  #fail(error: unknown): false {
    if (!(error instanceof NotDeflate)) throw error
    this.#tokens = undefined
    return false
  }
}

/** Each run as how far it is behind the one before, its length, the bit of its block and what of that block is before it. */
export function writeRuns(runs: readonly FollowedRun[], out: VarintWriter): void {
  let end = 0
  for (const run of runs.slice(0, MAX_RUNS)) {
    out.number(run.start - end)
    out.number(run.end - run.start)
    out.number(run.bit)
    out.number(run.before)
    end = run.end
  }
}

/** @throws {NotDeflate} for what is no list of runs */
export function readRuns(reader: VarintReader): FollowedRun[] {
  const runs: FollowedRun[] = []
  for (let end = 0; !reader.atEnd; ) {
    const start = end + reader.number()
    end = start + reader.number()
    const run = { start, end, bit: reader.number(), before: reader.number() }
    const isTooMuch = end - start < SHORTEST_RUN || run.before > MOST_BEFORE * (end - start) || runs.length === MAX_RUNS
    if (isTooMuch) throw new NotDeflate('a run of text that is not worth following')
    runs.push(run)
  }
  return runs
}
