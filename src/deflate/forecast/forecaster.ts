import type { DeflateToken } from '../stream/inflate.ts'
import type { SlidingText } from './sliding-text.ts'

/**
 * Foretells each token that a writer takes, given the tokens that it really took before. Positions count from the start
 * of the text; nothing depends on how the text arrives.
 */
export interface Forecaster {
  readonly text: SlidingText
  /** Where the next token begins. */
  readonly position: number
  /** A writer sees no text from here on: the end, or where it was flushed. */
  limit: number
  /** How much text beyond a position must be there, up to the limit, before it is asked. */
  readonly lookAhead: number
  /** The token at the position. */
  predict(): DeflateToken
  /** What the writer really took. */
  accept(token: DeflateToken): void
  /** Text that went by as it is. */
  skip(length: number): void
  /** Another stream begins: nothing before this position is seen. */
  restart(): void
}
