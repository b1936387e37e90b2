import type { Endpoint } from '../config/endpoint.ts'
import type { HttpRequest, HttpResponse } from '../http/send-request.ts'
import type { Challenge } from './challenge.ts'
import type { FindCredentials } from './credentials.ts'
import { mergeScopes, type Scope } from './scope.ts'
import { basicHeader, fetchToken, type Token } from './token.ts'

/** Sends a request to the token server of an endpoint. */
export type SendFor = (endpoint: Endpoint, request: HttpRequest) => Promise<HttpResponse>

/**
 * The `Authorization` header for what a request needs: kept, renewed before it expires, asked for once however many wait.
 */
export class Authorizer {
  readonly #findCredentials: FindCredentials
  readonly #send: SendFor
  /** What each registry asked for last, by origin. */
  readonly #challenges = new Map<string, Challenge>()
  /** What a registry named as missing, besides the scopes that a request brings, by {@link keyOf}. */
  readonly #asked = new Map<string, readonly Scope[]>()
  readonly #tokens = new Map<string, Promise<Token>>()

  constructor(findCredentials: FindCredentials, send: SendFor) {
    this.#findCredentials = findCredentials
    this.#send = send
  }

  /** What is known to be needed; nothing until the registry has asked. */
  async header(endpoint: Endpoint, scopes: readonly Scope[]): Promise<Record<string, string>> {
    const challenge = this.#challenges.get(endpoint.base.origin)
    if (!challenge) return {}
    const credentials = await this.#credentials(endpoint)
    if (challenge.scheme === 'basic') return basicHeader(credentials)
    if (credentials && 'registryToken' in credentials) return { authorization: `Bearer ${credentials.registryToken}` }
    const { value } = await this.#token(endpoint, scopes, challenge)
    return { authorization: `Bearer ${value}` }
  }

  /**
   * Takes what a registry answered with its 401, and what it rejected. Gives the header to try again with; undefined when
   * there is nothing else to try.
   */
  async answer(
    endpoint: Endpoint,
    scopes: readonly Scope[],
    { challenges, rejected }: { challenges: readonly Challenge[]; rejected: string | undefined },
  ): Promise<Record<string, string> | undefined> {
    const [bearer, basic] = ['bearer', 'basic'].map((name) => challenges.find(({ scheme }) => scheme === name))
    // Without a token server there is nobody to ask for one.
    const challenge = bearer?.parameters.has('realm') ? bearer : (basic ?? bearer)
    if (!challenge) return undefined
    this.#challenges.set(endpoint.base.origin, challenge)
    const key = keyOf(endpoint, scopes)
    this.#asked.set(key, challenge.parameters.get('scope')?.split(' ').filter(Boolean) ?? [])
    if (rejected) {
      // Another request may have renewed the token while this one was on its way.
      const current = await this.header(endpoint, scopes)
      if (current.authorization !== rejected) return current
      this.#tokens.delete(key)
    }
    const header = await this.header(endpoint, scopes)
    return header.authorization && header.authorization !== rejected ? header : undefined
  }

  /** Whether anything is known that says who we are. */
  async knows(endpoint: Endpoint): Promise<boolean> {
    return (await this.#credentials(endpoint)) !== undefined
  }

  async #token(endpoint: Endpoint, scopes: readonly Scope[], challenge: Challenge): Promise<Token> {
    const key = keyOf(endpoint, scopes)
    const last = this.#tokens.get(key)
    const known = await last?.catch(() => undefined)
    if (known && known.expires > Date.now()) return known
    const renewing = this.#tokens.get(key)
    if (renewing && renewing !== last) return renewing
    const fetching = this.#fetchToken(endpoint, mergeScopes([...scopes, ...(this.#asked.get(key) ?? [])]), challenge)
    this.#tokens.set(key, fetching)
    return fetching
  }

  async #fetchToken(endpoint: Endpoint, scopes: readonly Scope[], challenge: Challenge): Promise<Token> {
    return fetchToken(challenge, {
      scopes,
      registry: endpoint.base,
      credentials: await this.#credentials(endpoint),
      send: (request) => this.#send(endpoint, request),
    })
  }

  #credentials({ base, repository }: Endpoint) {
    return this.#findCredentials(base.host, repository)
  }
}

/** What a token is kept under. Credentials may differ by repository. */
function keyOf({ base, repository }: Endpoint, scopes: readonly Scope[]): string {
  return [base.origin, repository, ...scopes].join(' ')
}
