import { formatDuration } from '../../duration.ts'
import { ExpectedError } from '../../errors.ts'
import type { Endpoint } from '../config/endpoint.ts'
import type { FollowedResponse } from '../http/follow-redirects.ts'
import { describeQuota, quotaHint, readQuota } from '../http/pull-quota.ts'
import { LONGEST_WAIT, parseRetryAfter, TransientError } from '../http/retry.ts'
import type { HttpResponse } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import { type Meaning, pushMeaning } from './push-meaning.ts'
import { isOfRegistry, isWebPage, pageTitle, registryDetail, registryWords } from './registry-words.ts'

/** What an answer that is no success means to a user. The registry's own words are quoted, never its headers. */
export function responseError(subject: Subject, response: AnonymousAnswer): ExpectedError {
  const { registry, what, isPush = false } = subject
  const { status } = response
  const quota = status === 429 ? readQuota(response) : undefined
  const said = status < 300 && isWebPage(response) ? pageTitle(response) : registryWords(response)
  const words = [said, registryDetail(response), quota && `${describeQuota(quota)} left`].filter(Boolean).join('; ')
  const meaning = isRefusedLink(response)
    ? linkMeaning(response)
    : (accountMeaning(response) ?? (isPush && pushMeaning(subject, response)))
  const [code, problem, hint] = meaning || meaningOf(response, what)
  const { waits, again } = longWait(response)
  const text = `${what}: ${registry} ${problem}${words ? ` (${words})` : ''}${waits}`
  const help =
    status === 429 && !isPush
      ? quotaHint(registry, quota ?? { source: undefined })
      : hint.replaceAll('REGISTRY', registry)
  const between = status === 403 && isWebPage(response) ? ' A firewall or a proxy may have answered in its place.' : ''
  return new ExpectedError(code, text, { hint: `${again}${help}${between}`, registry, status })
}

/** What is to be said where somebody wants us to wait longer than a run does: in a message, and in its hint. */
export function longWait({ headers }: Pick<HttpResponse, 'headers'>): { waits: string; again: string } {
  const wait = parseRetryAfter(headers) ?? 0
  if (wait <= LONGEST_WAIT) return { waits: '', again: '' }
  const time = new Date(Date.now() + wait).toISOString().slice(0, 16).replace('T', ' ')
  return {
    waits: `, and asks to wait ${formatDuration(wait)}`,
    again: `Run the same command again after ${time} UTC. `,
  }
}

/** An answer to a request that showed no credentials, because none are known for it. */
export interface AnonymousAnswer extends FollowedResponse {
  readonly isAnonymous?: boolean
}

function meaningOf(response: AnonymousAnswer, what: string): Meaning {
  const { status } = response
  if (status === 401 && response.isAnonymous) return ['UNAUTHORIZED', 'asks for credentials', LOG_IN]
  if (status < 300 && isWebPage(response))
    return ['REGISTRY_ERROR', `answers with a web page${placeOf(response)}`, WEB_PAGE]
  if (status < 500 && TO_HTTPS.test(response.body.toString('latin1', 0, 1000))) return SPEAKS_HTTPS
  if (status === 412 || status === 451 || (status === 403 && POLICY.test(registryWords(response)))) {
    return ['DENIED', `has a rule against it (${status})`, RULE]
  }
  if (status === 404) return [what.startsWith('blob') ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN', ...UNKNOWN]
  const isRefused = status >= 400 && !isTransient(status)
  return MEANINGS[status] ?? ['REGISTRY_ERROR', `answers ${status}`, isRefused ? ASK_HINT : RETRY_HINT]
}

/** Where a redirect led, if it is to a page of people's. */
function placeOf({ url }: HttpResponse): string {
  return url.pathname.startsWith('/v2/') ? '' : `, ${url.host}${url.pathname}`
}

/** Whether storage that the registry led to refuses its link: signed anew, it may count. */
function isRefusedLink(response: FollowedResponse): boolean {
  const { status, isRedirected = false } = response
  return isRedirected && REFUSES_LINK.has(status) && !isOfRegistry(response)
}

/** What is wrong with the account, whatever it wants. */
function accountMeaning(response: AnonymousAnswer): Meaning | undefined {
  const { status } = response
  if (status === 402) return ['DENIED', 'wants to be paid (402)', PAID]
  const isOfAccount = status === 400 || status === 401 || status === 403
  if (!isOfAccount || !/token (?:has|is) expired/i.test(registryWords(response))) return undefined
  return ['UNAUTHORIZED', 'says that the login is over', LOG_IN_ANEW]
}

const PAID = 'The plan of the account at REGISTRY has ended or is used up: ask who pays for it.'
const LOG_IN_ANEW =
  'Run: docker login REGISTRY; for ECR, whose logins hold 12 hours: aws ecr get-login-password | docker login -u AWS --password-stdin REGISTRY'

const REFUSES_LINK = new Set([400, 401, 403, 410])

function linkMeaning({ status, url }: HttpResponse): Meaning {
  return ['REGISTRY_ERROR', `leads to a place at ${url.host} that refuses the link (${status})`, LINK_HINT]
}

const LINK_HINT =
  'It is no matter of the account: have the operator of REGISTRY check its clock, and what it signs links to its storage with.'

/** In the words of Go and nginx. */
const TO_HTTPS = /HTTP request (?:was sent )?to (?:an )?HTTPS/i
const SPEAKS_HTTPS: Meaning = [
  'REGISTRY_ERROR',
  'speaks https there, and was asked without',
  'Leave out: --plain-http REGISTRY',
]
/** In the words of Harbor, Artifactory's Xray and Curation, Nexus' firewall and Quay. */
const POLICY =
  /polic(?:y|ies)|vulnerab|severity|quarantine|\bxray\b|curation|blocked|not (?:been )?scanned|without .*scan|unsigned|not signed/i
const RULE = 'Have the operator of REGISTRY allow it, or take a version of the image that the rule lets pass.'
const ASK_HINT = 'Ask the operator of REGISTRY what it wants, or use a mirror with --mirror.'
const RETRY_HINT = 'Run the same command again later, or use a mirror with --mirror.'
const WEB_PAGE = 'Something else than a registry answers at REGISTRY, such as a login or a proxy: check its address.'
const UNKNOWN = [
  'does not have it',
  'Check the spelling of repository and tag; a private one may hide itself so.',
] as const

const LOG_IN = 'Run: docker login REGISTRY'

const MEANINGS: Record<number, Meaning> = {
  401: ['UNAUTHORIZED', 'asks for other credentials', LOG_IN],
  403: ['DENIED', 'denies access', 'Check that the account may pull this repository, and the spelling of its name.'],
  407: ['REGISTRY_ERROR', 'is behind a proxy that asks for credentials', 'Check HTTPS_PROXY and HTTP_PROXY.'],
  429: ['TOOMANYREQUESTS', 'limits our requests', RETRY_HINT],
}

/** Answers of whoever stands between, or of now, that another try may change; what a server cannot do is among the 5xx. */
const TRANSIENT = new Set([408, 425, 429, 499])

/** Whether asking again may bring another answer. */
export function isTransient(status: number): boolean {
  return TRANSIENT.has(status) || (status >= 500 && status < 600)
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
  if (wanted.includes(status) && (status >= 300 || !isWebPage(response))) return response
  const error = responseError(subject, response)
  // Where a redirect led, a link has expired or a cache is ill: the registry gives another one.
  const elsewhere = url.origin !== base.origin
  throw isTransient(status) || elsewhere || isRefusedLink(response)
    ? new TransientError(error, parseRetryAfter(headers))
    : error
}
