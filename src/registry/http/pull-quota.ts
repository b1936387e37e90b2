import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedError } from '../../errors.ts'
import type { HttpResponse } from './send-request.ts'
import type { Subject } from './subject.ts'

/** What a registry says of how many manifests it still gives. */
export interface Quota {
  readonly limit: number
  readonly remaining: number
  /** Seconds in which the limit counts. */
  readonly window: number | undefined
  /** When all of it is there again at the latest, in milliseconds since the epoch. */
  readonly renewedBy: number | undefined
  /** Who is counted: an address, or an account. */
  readonly source: string | undefined
}

type Head = Pick<HttpResponse, 'headers' | 'status'>

/** A reset later than this many seconds is a moment since the epoch, as GitLab gives it. */
const EPOCH = 1e9

/**
 * Reads `ratelimit-limit: 100;w=21600`, `ratelimit-remaining`, `ratelimit-reset` and `docker-ratelimit-source`;
 * undefined when an answer says no such thing. Docker Hub counts every GET of a manifest, and no HEAD.
 * Sources: Docker Hub's documentation, "Pull usage and limits"; draft-ietf-httpapi-ratelimit-headers.
 */
export function readQuota({ headers, status }: Head, now = Date.now()): Quota | undefined {
  const limit = parse(headers['ratelimit-limit'])
  const remaining =
    parse(headers['ratelimit-remaining']) ?? (status === 429 && limit ? { ...limit, count: 0 } : undefined)
  if (!remaining) return undefined
  const window = limit?.window ?? remaining.window
  const reset = parse(headers['ratelimit-reset'])?.count
  const source = headers['docker-ratelimit-source']
  return {
    limit: limit?.count ?? remaining.count,
    remaining: remaining.count,
    window,
    renewedBy: reset !== undefined ? momentOf(reset, now) : window !== undefined ? now + window * 1000 : undefined,
    source: typeof source === 'string' && /^[\w.:/-]{1,64}$/.test(source) ? source : undefined,
  }
}

/** `12 of 100 manifests in 6 hours for 203.0.113.5`. */
export function describeQuota({ limit, remaining, window, source }: Quota): string {
  const within = window === undefined ? '' : ` in ${describeSeconds(window)}`
  return `${remaining} of ${limit} manifests${within}${source ? ` for ${source}` : ''}`
}

/** What helps where a registry gives no more. Who logs in is counted as an account and no longer as an address. */
export function quotaHint(registry: string, { source }: Pick<Quota, 'source'>): string {
  const isAnonymous = source === undefined || isIP(source.replace(/\/\d+$/, '')) !== 0
  const login = isAnonymous ? `Log in with docker login ${registry} for a higher limit, or take` : 'Take'
  return `${login} a mirror with --mirror ${registry}=HOST, or run the same command again later: it goes on with what it has.`
}

function parse(header: unknown): { count: number; window: number | undefined } | undefined {
  const [, count, window] = /^\s*(\d{1,15})\s*(?:;\s*w=(\d{1,9}))?/.exec(typeof header === 'string' ? header : '') ?? []
  if (count === undefined) return undefined
  return { count: Number(count), window: window === undefined ? undefined : Number(window) }
}

function momentOf(reset: number, now: number): number {
  return reset > EPOCH ? reset * 1000 : now + reset * 1000
}

function describeSeconds(seconds: number): string {
  const [size, unit] = seconds >= 3600 ? [3600, 'hours'] : seconds >= 120 ? [60, 'minutes'] : [1, 'seconds']
  return `${Math.round(seconds / size)} ${unit}`
}

/** A limit that is renewed within so many milliseconds is waited for. */
const SHORT = 60_000

/** How many manifests one registry still gives, as its answers say; unlimited until one says otherwise. */
export class PullQuota {
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
  async request(get: () => Promise<HttpResponse>, subject: Subject, signal: AbortSignal): Promise<HttpResponse> {
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

  /** Takes what the head of an answer says. */
  observe(response: Pick<HttpResponse, 'headers' | 'status'>): void {
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
