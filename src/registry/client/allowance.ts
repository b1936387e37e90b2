import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedError } from '../../errors.ts'
import type { Subject } from '../http/response-error.ts'
import type { HttpResponse } from '../http/send-request.ts'
import { describeQuota, type Quota, quotaHint, readQuota } from './quota.ts'

/** A limit that is renewed within so many milliseconds is waited for. */
const SHORT = 60_000

/** How many manifests one registry still gives, as its answers say; unlimited until one says otherwise. */
export class Allowance {
  readonly #now: () => number
  #quota: Quota | undefined
  /** Manifests that were asked for and of which no answer has come yet: the registry counts them already. */
  #pending = 0

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  get quota(): Quota | undefined {
    return this.#quota
  }

  /** Nothing is left, and nothing will be for a while. */
  get isSpent(): boolean {
    return this.#quota !== undefined && this.#quota.remaining - this.#pending <= 0 && this.#wait() > SHORT
  }

  /**
   * Gets one manifest, if the registry still gives one: it is not asked when it will refuse. A limit that is renewed
   * soon is waited for.
   *
   * @throws {ExpectedError} TOOMANYREQUESTS
   */
  async take(get: () => Promise<HttpResponse>, subject: Subject, signal: AbortSignal): Promise<HttpResponse> {
    if (this.isSpent && this.#quota) throw spent(subject, this.#quota)
    if (this.#quota && this.#quota.remaining - this.#pending <= 0) {
      const seen = this.#quota
      await sleep(this.#wait(), undefined, { signal })
      if (this.#quota === seen) this.#quota = undefined
    }
    this.#pending++
    try {
      return await get()
    } finally {
      this.#pending--
    }
  }

  hear(response: Pick<HttpResponse, 'headers' | 'status'>): void {
    this.#quota = readQuota(response, this.#now()) ?? this.#quota
  }

  /** Milliseconds until the limit is renewed; none where nobody knows, so that the registry is asked. */
  #wait(): number {
    return Math.max(0, (this.#quota?.renewedBy ?? 0) - this.#now())
  }
}

function spent({ registry, what }: Subject, quota: Quota): ExpectedError {
  const used = describeQuota({ ...quota, remaining: 0 })
  return new ExpectedError('TOOMANYREQUESTS', `${what}: ${registry} gives no more: ${used} left`, {
    hint: quotaHint(registry, quota),
  })
}
