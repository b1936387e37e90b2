import type { Dispatcher } from 'undici'
import { ExpectedError } from '../../errors.ts'
import {
  ConnectionError,
  type HttpRequest,
  type HttpResponse,
  type Receive,
  sendRequest,
  type Timeouts,
} from './send-request.ts'

/** How to send: to the origin of the request, and to where a redirect leads. */
export interface RequestRoute {
  readonly dispatcher: Dispatcher
  readonly timeouts: Timeouts
  /** Connections to another origin. @throws {ExpectedError} REGISTRY_ERROR for one that may not be asked. */
  readonly elsewhere: (url: URL) => Promise<Dispatcher>
  /** The request shows who we are, in its body too: it stays with its origin. */
  readonly isSecret?: boolean
}

export interface FollowedResponse extends HttpResponse {
  /** Whether a redirect led to it. */
  readonly isRedirected?: boolean
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_REDIRECTS = 5

/**
 * One request, redirects followed, whatever its method: with the same method and body, but for 303, which says where an
 * answer is to be read. `Authorization` and other headers for one host never leave its origin, and a redirect never leads
 * from https to http. Source: distribution-spec, redirects; RFC 9110, 15.4.
 *
 * @throws {ExpectedError} REGISTRY_ERROR for a redirect that cannot be followed; and what {@link sendRequest} throws.
 */
export async function followRedirects(
  request: HttpRequest,
  route: RequestRoute,
  receive?: Receive,
): Promise<FollowedResponse> {
  let { dispatcher } = route
  for (let current = request, hops = 0; ; hops++) {
    const response = await sendRequest(dispatcher, current, route.timeouts, receive).catch((error) => {
      const isElsewhere = current.url.origin !== request.url.origin
      throw isElsewhere && error instanceof ConnectionError
        ? new ConnectionError(error.cause as Error, current.url.host)
        : error
    })
    if (!REDIRECTS.has(response.status)) return hops > 0 ? { ...response, isRedirected: true } : response
    if (hops === MAX_REDIRECTS) throw badRedirect(request, 'redirects without end')
    const url = targetOf(response, request)
    const next = { ...(response.status === 303 ? readingOf(current) : current), url }
    if (url.origin === current.url.origin) current = next
    else if (route.isSecret)
      throw badRedirect(request, `redirects to another host (${url.host}), where no credentials go,`)
    else {
      dispatcher = await route.elsewhere(url)
      current = { ...next, headers: headersForOtherOrigin(next) }
    }
  }
}

function targetOf({ headers, url }: HttpResponse, request: HttpRequest): URL {
  const location = typeof headers.location === 'string' ? headers.location : ''
  const target = location && URL.canParse(location, url.href) ? new URL(location, url) : undefined
  if (!target || !/^https?:$/.test(target.protocol)) throw badRedirect(request, 'redirects to nowhere')
  if (url.protocol === 'https:' && target.protocol === 'http:') {
    throw badRedirect(request, `redirects from https to plain http (${target.host})`)
  }
  return target
}

/** The request that reads what came of another. */
function readingOf({ method, headers, url }: HttpRequest): HttpRequest {
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith('content-'))
  return { url, method: method === 'HEAD' ? 'HEAD' : 'GET', headers: Object.fromEntries(kept) }
}

/** The headers that another host may see: neither `Authorization` nor what a configuration adds for its host. */
function headersForOtherOrigin({ headers }: HttpRequest): HttpRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => PUBLIC.has(name)))
}

const PUBLIC = new Set(['accept', 'range', 'content-type', 'content-length', 'content-range'])

function badRedirect({ url }: HttpRequest, problem: string): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${url.host}: ${problem} for ${url.pathname}`, {
    hint: 'Ask the operator of the registry.',
  })
}
