import { type ErrorCode, ExpectedError } from '../../errors.ts'
import type { Endpoint } from '../config/endpoint.ts'
import { describeQuota, quotaHint, readQuota } from '../http/pull-quota.ts'
import { parseRetryAfter, TransientError } from '../http/retry.ts'
import type { HttpResponse } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'

/** What an answer that is no success means to a user. The registry's own words are quoted, never its headers. */
export function responseError({ registry, what }: Subject, response: HttpResponse): ExpectedError {
  const { status } = response
  const quota = status === 429 ? readQuota(response) : undefined
  const words = [registryWords(response), quota && `${describeQuota(quota)} left`].filter(Boolean).join('; ')
  const [code, problem, hint] = MEANINGS[status] ?? ['REGISTRY_ERROR', `answers ${status}`, RETRY_HINT]
  const specific = status === 404 && what.startsWith('blob') ? 'BLOB_UNKNOWN' : code
  return new ExpectedError(specific, `${what}: ${registry} ${problem}${words ? ` (${words})` : ''}`, {
    hint: status === 429 ? quotaHint(registry, quota ?? { source: undefined }) : hint.replace('REGISTRY', registry),
    registry,
    status,
  })
}

const RETRY_HINT = 'Run the same command again later, or use a mirror with --mirror.'

const MEANINGS: Record<number, [code: ErrorCode, problem: string, hint: string]> = {
  401: ['UNAUTHORIZED', 'asks for other credentials', 'Run: docker login REGISTRY'],
  403: ['DENIED', 'denies access', 'Check that the account may pull this repository, and the spelling of its name.'],
  404: [
    'MANIFEST_UNKNOWN',
    'does not have it',
    'Check the spelling of repository and tag; a private one may hide itself so.',
  ],
  429: ['TOOMANYREQUESTS', 'limits our requests', RETRY_HINT],
}

/** `{"errors":[{"code","message"}]}`, as one short line. Source: distribution-spec, error codes. */
function registryWords({ body }: HttpResponse): string {
  try {
    const { errors } = JSON.parse(body.toString('utf8')) as { errors?: { code?: unknown; message?: unknown }[] }
    const [first] = errors ?? []
    return [first?.code, first?.message]
      .filter((part) => typeof part === 'string')
      .join(': ')
      .replace(/\p{Cc}/gu, ' ')
      .slice(0, 200)
  } catch {
    return ''
  }
}

/** Answers that another try may change. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504])

/** Whether asking again may bring another answer. */
export function isTransient(status: number): boolean {
  return TRANSIENT.has(status)
}

/**
 * The answer, if it is a wanted one.
 *
 * @throws TransientError when asking again may help, ExpectedError when it will not.
 */
export function expectStatus(
  response: HttpResponse,
  wanted: readonly number[],
  { base }: Endpoint,
  subject: Subject,
): HttpResponse {
  const { status, headers, url } = response
  if (wanted.includes(status)) return response
  const error = responseError(subject, response)
  // Where a redirect led, a link has expired or a cache is ill: the registry gives another one.
  const elsewhere = url.origin !== base.origin
  throw isTransient(status) || elsewhere ? new TransientError(error, parseRetryAfter(headers['retry-after'])) : error
}
