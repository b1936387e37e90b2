import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'

/** What a registry does instead of answering; something truthy when it took the request. */
export type MisbehaveAtWrite = (request: IncomingMessage, response: ServerResponse) => unknown

/**
 * A registry in memory that takes what is pushed, on a free port of 127.0.0.1, for what a real one cannot be made to do.
 * Ends with the test.
 */
export class WritableRegistry {
  readonly host: string
  /** `PUT /v2/…`, and who asked, of every request in order. */
  readonly requests: { readonly line: string; readonly authorization: string | undefined }[] = []
  /** By `repository@digest`. */
  readonly blobs = new Map<string, Buffer>()
  readonly manifests = new Map<string, Buffer>()
  misbehave: MisbehaveAtWrite | undefined
  /** The statuses of success, where they are not those of the specification. */
  readonly answers = { start: 202, blob: 201, manifest: 201, mount: 201, head: 200 }

  private constructor(host: string) {
    this.host = host
  }

  static async start(): Promise<WritableRegistry> {
    const host = await listenOn((request, response) => registry.answer(request, response))
    const registry = new WritableRegistry(host)
    return registry
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const { method = '', url = '', headers } = request
    this.requests.push({ line: `${method} ${url}`, authorization: headers.authorization })
    if (this.misbehave?.(request, response)) return undefined
    const { pathname, searchParams } = new URL(url, 'http://registry')
    const [, repository = '', kind, name = ''] = /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(pathname) ?? []
    if (kind === 'manifests') return this.#manifest(request, response, `${repository}@${name}`)
    if (method === 'POST') return this.#start(response, repository, searchParams)
    if (method === 'PUT') {
      const content = await buffer(request)
      const digest = searchParams.get('digest') ?? ''
      if (digestOf(content) !== digest) return response.writeHead(400).end()
      this.blobs.set(`${repository}@${digest}`, content)
      return response.writeHead(this.answers.blob).end()
    }
    return this.#blob(request, response, this.blobs.get(`${repository}@${name}`))
  }

  #blob({ method, headers }: IncomingMessage, response: ServerResponse, found: Buffer | undefined): unknown {
    if (!found) return response.writeHead(404).end()
    if (method === 'HEAD') {
      // An answer without content has no length either.
      const length = this.answers.head === 204 ? {} : { 'content-length': found.length }
      return response.writeHead(this.answers.head, length).end()
    }
    if (!headers.range) return response.writeHead(200).end(found)
    return response.writeHead(206, { 'content-range': `bytes 0-0/${found.length}` }).end(found.subarray(0, 1))
  }

  #start(response: ServerResponse, repository: string, query: URLSearchParams): unknown {
    const [digest, from] = [query.get('mount'), query.get('from')]
    const found = digest && this.blobs.get(`${from}@${digest}`)
    if (found) this.blobs.set(`${repository}@${digest}`, found)
    const status = found ? this.answers.mount : this.answers.start
    return response.writeHead(status, { location: `/v2/${repository}/blobs/uploads/1` }).end()
  }

  async #manifest(request: IncomingMessage, response: ServerResponse, key: string): Promise<unknown> {
    if (request.method === 'PUT') {
      const content = await buffer(request)
      this.manifests.set(key, content)
      this.manifests.set(`${key.slice(0, key.indexOf('@'))}@${digestOf(content)}`, content)
      return response.writeHead(this.answers.manifest).end()
    }
    const found = this.manifests.get(key)
    if (!found) return response.writeHead(404).end()
    const isWhole = request.method === 'GET'
    response.writeHead(isWhole ? 200 : this.answers.head, { 'docker-content-digest': digestOf(found) })
    return response.end(isWhole ? found : undefined)
  }
}

/** A server on a free port of 127.0.0.1, its `host:port`. Ends with the test. */
export async function listenOn(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
