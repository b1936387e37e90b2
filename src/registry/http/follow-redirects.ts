import type { Dispatcher } from 'undici'
import { ExpectedError } from '../../errors.ts'
import { type HttpRequest, type HttpResponse, type Receive, sendRequest, type Timeouts } from './send-request.ts'

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_REDIRECTS = 5

/**
 * One request, redirects followed. `Authorization` and other headers for one host never leave its origin, and a redirect never
 * leads from https to http. Source: distribution-spec, redirects; RFC 9110, 15.4.
 *
 * @throws {ExpectedError} REGISTRY_ERROR for a redirect that cannot be followed; network errors as undici throws them.
 */
export async function followRedirects(
  dispatcher: Dispatcher,
  request: HttpRequest,
  timeouts: Timeouts,
  receive?: Receive,
): Promise<HttpResponse> {
  for (let current = request, hops = 0; ; hops++) {
    const response = await sendRequest(dispatcher, current, timeouts, receive)
    if (!REDIRECTS.has(response.status)) return response
    if (hops === MAX_REDIRECTS) throw badRedirect(request, 'redirects without end')
    const url = targetOf(response, request)
    current =
      url.origin === current.url.origin
        ? { ...current, url }
        : { ...current, url, headers: headersForOtherOrigin(current) }
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

/** The headers that another host may see: neither `Authorization` nor what a configuration adds for its host. */
function headersForOtherOrigin({ headers }: HttpRequest): HttpRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => PUBLIC.has(name)))
}

const PUBLIC = new Set(['accept', 'range'])

function badRedirect({ url }: HttpRequest, problem: string): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${url.host}: ${problem} for ${url.pathname}`, {
    hint: 'Ask the operator of the registry, or use another mirror with --mirror.',
  })
}
