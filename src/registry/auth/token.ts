import { ExpectedError } from '../../errors.ts'
import { withoutSecrets } from '../failures/redaction.ts'
import { isWebPage, pageTitle, registryWords } from '../failures/registry-words.ts'
import { isTransient, longWait } from '../failures/response-error.ts'
import { isLoopback } from '../http/address-guard.ts'
import { parseRetryAfter, TransientError } from '../http/retry.ts'
import type { HttpRequest, HttpResponse } from '../http/send-request.ts'
import { plainBody } from '../transfer/decoding.ts'
import type { Challenge } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import type { Scope } from './scope.ts'

/** A bearer token and when to get another one, in milliseconds since the epoch. */
export interface Token {
  readonly value: string
  readonly expires: number
}

/** Sends a request to a token server. */
export type Send = (request: HttpRequest) => Promise<HttpResponse>

const CLIENT = 'nodeseed'
/** A token without or with a shorter life is taken to live this many seconds. Source: distribution, token.md. */
const SHORTEST_LIFE = 60
/** A token is renewed this many milliseconds early, so that it does not expire on its way. */
const MARGIN = 10_000
/** Servers that do not know the POST form answer so; GET is asked then. Source: containerd, authorizer.go. */
const NO_POST = new Set([400, 401, 404, 405])

/**
 * Gets one bearer token for all of the scopes. Sources: distribution's token.md and oauth.md.
 *
 * @throws TransientError when it may give one later; {ExpectedError} UNAUTHORIZED when the server refuses, REGISTRY_ERROR when its answer holds no token, or its
 * address is one that no credentials may be sent to.
 */
export async function fetchToken(
  { parameters }: Challenge,
  {
    scopes,
    registry,
    credentials,
    send,
  }: { scopes: readonly Scope[]; registry: URL; credentials: Credentials | undefined; send: Send },
): Promise<Token> {
  const realm = realmOf(parameters.get('realm'), registry)
  const service = parameters.get('service')
  const response = await ask(realm, { scopes, service, credentials, send })
  if (response.status === 200) return readToken(response, registry, realm)
  const problem = (text: string) => {
    const words = registryWords(withoutSecrets(response, basicHeader(credentials), secretsOf(credentials)))
    return `${registry.host}: its token server ${realm.host} ${text}${words ? ` (${words})` : ''}`
  }
  if (response.status === 401 || response.status === 403) {
    throw new ExpectedError('UNAUTHORIZED', problem(credentials ? 'refuses the credentials' : 'asks for credentials'), {
      hint: `Run: docker login ${registry.host}`,
      registry: registry.host,
      status: response.status,
    })
  }
  const code = response.status === 429 ? 'TOOMANYREQUESTS' : 'REGISTRY_ERROR'
  const { waits, again } = longWait(response)
  const error = new ExpectedError(code, `${problem(`answers ${response.status}`)}${waits}`, {
    hint: `${again || 'Run the same command again later. '}Ask the operator of the registry if it stays so.`,
    registry: registry.host,
    status: response.status,
  })
  throw isTransient(response.status) ? new TransientError(error, parseRetryAfter(response.headers)) : error
}

/** What was shown besides the header. */
function secretsOf(credentials: Credentials | undefined): string[] {
  return credentials && 'identityToken' in credentials ? [credentials.identityToken] : []
}

interface Question {
  readonly scopes: readonly Scope[]
  readonly service: string | undefined
  readonly credentials: Credentials | undefined
  readonly send: Send
}

async function ask(realm: URL, question: Question): Promise<HttpResponse> {
  const { scopes, service, credentials, send } = question
  if (credentials && 'identityToken' in credentials) {
    const response = await send(postRequest(realm, credentials.identityToken, question))
    if (!NO_POST.has(response.status)) return response
  }
  const url = new URL(realm)
  if (service) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  return send({ url, method: 'GET', headers: basicHeader(credentials) })
}

function postRequest(url: URL, refreshToken: string, { scopes, service }: Question): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: CLIENT,
    scope: scopes.join(' '),
  })
  if (service) form.set('service', service)
  form.set('access_type', 'offline')
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { url, method: 'POST', headers, body: form.toString() }
}

/** The header that shows a name and a password; none where there is no name. */
export function basicHeader(credentials: Credentials | undefined): Record<string, string> {
  if (!credentials || !('username' in credentials)) return {}
  const { username, password } = credentials
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

function readToken(response: HttpResponse, registry: URL, realm: URL): Token {
  let answer: Record<string, unknown> = {}
  try {
    answer = JSON.parse(plainBody(response).toString('utf8')) ?? {}
  } catch {
    // The same message as for an answer without a token.
  }
  const value = answer.token || answer.access_token
  // What cannot stand in a header is no token.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw withoutToken(response, registry, realm)
  const life = Math.max(Number(answer.expires_in) || 0, SHORTEST_LIFE)
  return { value, expires: Date.now() + life * 1000 - MARGIN }
}

function withoutToken(response: HttpResponse, { host }: URL, realm: URL): ExpectedError {
  const server = `its token server ${realm.host}`
  if (!isWebPage(response))
    return new ExpectedError('REGISTRY_ERROR', `${host}: the answer of ${server} holds no token`)
  const title = pageTitle(response)
  return new ExpectedError('REGISTRY_ERROR', `${host}: ${server} answers with a web page${title && ` (${title})`}`, {
    hint: `Something else than a token server answers at ${realm.href}, such as a login or a proxy: check that address.`,
  })
}

/**
 * The token server's address, if credentials may go there: over https, or as plainly as to the registry itself. Who sends
 * sees to it that no public registry leads into a private network.
 */
function realmOf(text: string | undefined, registry: URL): URL {
  const realm = text && URL.canParse(text) ? new URL(text) : undefined
  const problem = realm ? realmProblem(realm, registry) : 'no address'
  if (realm && !problem) return realm
  throw new ExpectedError('REGISTRY_ERROR', `${registry.host}: its token server has ${problem}: ${text ?? 'none'}`, {
    hint: 'No credentials are sent there. Ask the operator of the registry.',
  })
}

function realmProblem(realm: URL, registry: URL): string | undefined {
  if (realm.protocol !== 'https:' && realm.protocol !== 'http:') return 'an address that is not https'
  if (realm.protocol === 'https:') return undefined
  const asPlain = registry.protocol === 'http:' && (realm.hostname === registry.hostname || isLoopback(realm.hostname))
  return asPlain ? undefined : 'an address that is not https'
}
