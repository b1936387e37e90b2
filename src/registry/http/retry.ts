import { setTimeout as sleep } from 'node:timers/promises'
import type { ExpectedError } from '../../errors.ts'
import type { HttpResponse } from './send-request.ts'

export interface RetryOptions {
  /** Tries that bring nothing new, one after the other, before the run gives up. */
  readonly attempts: number
  /** Milliseconds before the second try; each further one waits twice as long. */
  readonly delay: number
}

/** A failure that another try may mend. `error` is what to say when it does not. */
export class TransientError extends Error {
  readonly error: ExpectedError
  /** Milliseconds that the server asked us to wait. */
  readonly retryAfter: number | undefined

  constructor(error: ExpectedError, retryAfter?: number) {
    super(error.message)
    this.error = error
    this.retryAfter = retryAfter
  }
}

/** A server may not make us wait longer than this many milliseconds. */
export const LONGEST_WAIT = 5 * 60_000
const LONGEST_DELAY = 30_000
/** What is longer than this many milliseconds is for ever. */
const YEAR = 365 * 24 * 3_600_000

/**
 * Tries until it works, or until several tries in a row brought nothing: `progress` says how far things are, and a try
 * that got further starts the count anew.
 *
 * @throws {ExpectedError} what the last try met, once tries are used up or `signal` says stop.
 */
export async function withRetries<T>(
  ask: () => Promise<T>,
  { attempts, delay }: RetryOptions,
  { progress = () => 0, signal }: { progress?: () => number; signal?: AbortSignal } = {},
): Promise<T> {
  let reached = progress()
  for (let fruitless = 1; ; fruitless++) {
    try {
      return await ask()
    } catch (failure) {
      if (!(failure instanceof TransientError)) throw failure
      if (progress() > reached) fruitless = 1
      reached = progress()
      const { error, retryAfter = 0 } = failure
      if (fruitless >= attempts || signal?.aborted || retryAfter > LONGEST_WAIT) throw error
      // Half of the delay is chance, so that many clients that failed together do not come back together.
      const backoff = Math.min(delay * 2 ** (fruitless - 1), LONGEST_DELAY) * (0.5 + Math.random() / 2)
      await sleep(Math.max(backoff, retryAfter), undefined, signal && { signal }).catch(() => {
        throw error
      })
    }
  }
}

/**
 * `Retry-After` in milliseconds: seconds, or a date, which is meant by the clock of whoever answers (`Date`).
 * Source: RFC 9110, 10.2.3.
 */
export function parseRetryAfter(headers: HttpResponse['headers'], now = Date.now()): number | undefined {
  const { 'retry-after': header, date } = headers
  if (typeof header !== 'string') return undefined
  if (/^\s*\d+\s*$/.test(header)) return Math.min(Number(header) * 1000, YEAR)
  const [moment, theirs] = [Date.parse(header), typeof date === 'string' ? Date.parse(date) : Number.NaN]
  return Number.isNaN(moment) ? undefined : Math.min(Math.max(0, moment - (Number.isNaN(theirs) ? now : theirs)), YEAR)
}
