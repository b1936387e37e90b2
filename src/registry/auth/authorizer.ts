import type { Endpoint } from '../config/endpoint.ts'
import type { HttpRequest, HttpResponse } from '../http/send-request.ts'
import type { Challenge } from './challenge.ts'
import type { FindCredentials } from './credentials.ts'
import { basicHeader, fetchToken, type Token } from './token.ts'

/** Sends a request to the token server of an endpoint. */
export type SendFor = (endpoint: Endpoint, request: HttpRequest) => Promise<HttpResponse>

/** The `Authorization` header for each repository: kept, renewed before it expires, asked for once however many wait. */
export class Authorizer {
  readonly #findCredentials: FindCredentials
  readonly #send: SendFor
  /** What each registry asked for last, by origin. */
  readonly #challenges = new Map<string, Challenge>()
  readonly #tokens = new Map<string, Promise<Token>>()

  readonly #actions: string

  /** `actions` are what tokens are asked for. */
  constructor(findCredentials: FindCredentials, send: SendFor, actions: 'pull' | 'pull,push' = 'pull') {
    this.#findCredentials = findCredentials
    this.#send = send
    this.#actions = actions
  }

  /** What is known to be needed; nothing until the registry has asked. */
  async header(endpoint: Endpoint): Promise<Record<string, string>> {
    const challenge = this.#challenges.get(endpoint.base.origin)
    if (!challenge) return {}
    if (challenge.scheme === 'basic') return basicHeader(await this.#credentials(endpoint))
    const { value } = await this.#token(endpoint, challenge)
    return { authorization: `Bearer ${value}` }
  }

  /**
   * Takes what a registry answered with its 401. Gives the header to try again with; undefined when there is nothing
   * else to try.
   */
  async answer(
    endpoint: Endpoint,
    challenges: readonly Challenge[],
    rejected: string | undefined,
  ): Promise<Record<string, string> | undefined> {
    const challenge =
      challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic')
    if (!challenge) return undefined
    this.#challenges.set(endpoint.base.origin, challenge)
    if (rejected) {
      // Another request may have renewed the token while this one was on its way.
      const current = await this.header(endpoint)
      if (current.authorization !== rejected) return current
      this.#tokens.delete(keyOf(endpoint))
    }
    const header = await this.header(endpoint)
    return header.authorization && header.authorization !== rejected ? header : undefined
  }

  async #token(endpoint: Endpoint, challenge: Challenge): Promise<Token> {
    const key = keyOf(endpoint)
    const last = this.#tokens.get(key)
    const known = await last?.catch(() => undefined)
    if (known && known.expires > Date.now()) return known
    const renewing = this.#tokens.get(key)
    if (renewing && renewing !== last) return renewing
    const fetching = this.#fetchToken(endpoint, challenge)
    this.#tokens.set(key, fetching)
    return fetching
  }

  async #fetchToken(endpoint: Endpoint, challenge: Challenge): Promise<Token> {
    const credentials = await this.#credentials(endpoint)
    const scope = `repository:${endpoint.repository}:${this.#actions}`
    return fetchToken(challenge, {
      scope,
      registry: endpoint.base,
      credentials,
      send: (request) => this.#send(endpoint, request),
    })
  }

  #credentials({ base, repository }: Endpoint) {
    return this.#findCredentials(base.host, repository)
  }
}

function keyOf({ base, repository }: Endpoint): string {
  return `${base.origin}/${repository}`
}
