import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import { ExpectedError } from '../../errors.ts'

/** How a pod reaches the API server, as its service account. */
export interface ApiAccess {
  readonly server: string
  /** Asked for each request: the kubelet renews the token in its file. */
  readonly token: () => Promise<string | undefined>
  /** Authorities (PEM) that the server's certificate is checked with. */
  readonly ca?: string | undefined
}

/** What the API server answered, whatever the status. */
export interface ApiReply {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: an object of the API
  readonly body: any
}

interface ApiCall {
  readonly body?: object
  readonly contentType?: string
  /** Milliseconds without a byte after which there is no answer. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

const TIMEOUT = 20_000

/** Requests to one API server over connections that are kept. */
export class ApiClient {
  readonly #access: ApiAccess
  readonly #agent: HttpAgent

  constructor(access: ApiAccess) {
    this.#access = access
    const options = { keepAlive: true, maxSockets: 8 }
    const isPlain = access.server.startsWith('http:')
    this.#agent = isPlain
      ? new HttpAgent(options)
      : new HttpsAgent({ ...options, ...(access.ca !== undefined && { ca: access.ca }) })
  }

  /** @throws {ExpectedError} CLUSTER_UNREACHABLE when there is no answer */
  async call(method: string, path: string, call: ApiCall = {}): Promise<ApiReply> {
    return this.#guarded(method, path, async () => {
      const response = await this.#send(method, path, call)
      return { status: response.statusCode ?? 0, body: await json(response).catch(() => ({})) }
    })
  }

  /**
   * The items of a list, and the version of the list.
   *
   * @throws {ExpectedError} CLUSTER_UNREACHABLE; CLUSTER_ERROR for an answer that is no list
   */
  async list<T>(path: string): Promise<{ items: T[]; resourceVersion: string }> {
    const { status, body } = await this.call('GET', path)
    if (status !== 200 || !Array.isArray(body?.items)) throw refused('GET', path, { status, body })
    return { items: body.items as T[], resourceVersion: String(body.metadata?.resourceVersion ?? '') }
  }

  /**
   * The events of a watch, until the server ends it.
   *
   * @throws {ExpectedError} CLUSTER_UNREACHABLE, CLUSTER_ERROR
   */
  async *watch(path: string, call: ApiCall): AsyncGenerator<unknown> {
    const response = await this.#guarded('GET', path, () => this.#send('GET', path, call))
    if (response.statusCode !== 200) {
      throw refused('GET', path, { status: response.statusCode ?? 0, body: await json(response).catch(() => ({})) })
    }
    try {
      for await (const line of createInterface({ input: response })) yield JSON.parse(line) as unknown
    } catch (cause) {
      throw unreachable('GET', path, cause)
    } finally {
      response.destroy()
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #send(method: string, path: string, { body, contentType, timeout = TIMEOUT, signal }: ApiCall) {
    const url = new URL(path, this.#access.server)
    const token = await this.#access.token()
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const headers = {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(bytes && { 'content-type': contentType ?? 'application/json', 'content-length': `${bytes.length}` }),
    }
    return new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.protocol === 'http:' ? httpRequest : httpsRequest
      const options = { method, headers, agent: this.#agent, timeout, ...(signal && { signal }) }
      const call = send(url, options, (response) => resolve(response))
      call.on('timeout', () => call.destroy(new Error(`no answer within ${timeout / 1000} s`)))
      call.on('error', reject)
      call.end(bytes)
    })
  }

  async #guarded<T>(method: string, path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw cause instanceof ExpectedError ? cause : unreachable(method, path, cause)
    }
  }
}

/** The error of an answer that is not what was asked for. */
export function refused(method: string, path: string, { status, body }: ApiReply): ExpectedError {
  const said = typeof body?.message === 'string' ? body.message : `status ${status}`
  return new ExpectedError('CLUSTER_ERROR', `${method} ${path}: ${said}`, {
    hint: 'Apply the resources that nodeseed wrote again: the rights are among them.',
  })
}

function unreachable(method: string, path: string, cause: unknown): ExpectedError {
  return new ExpectedError('CLUSTER_UNREACHABLE', `${method} ${path}: ${(cause as Error).message}`, {
    hint: 'It is asked again. Is the API server there?',
    cause,
  })
}
