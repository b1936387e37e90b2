import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

// biome-ignore lint/suspicious/noExplicitAny: objects of the API
type Stored = any

/**
 * As much of an API server as a controller needs: lists, watches that end only when the client does, merge patches and
 * replacements that fail on an older version. It can be out of order.
 */
export class WatchApi {
  /** What it was asked, without watches: `PATCH /api/v1/nodes/a`. */
  readonly requests: string[] = []
  /** Answers nothing but 503, and ends every watch, as long as it is set. */
  #isOut = false
  readonly #objects = new Map<string, Stored>()
  readonly #watches = new Map<ServerResponse, string>()
  /** All that happened, for a watch that begins after it. */
  readonly #events: { readonly version: number; readonly path: string; readonly line: string }[] = []
  #version = 0
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<WatchApi> {
    const server = createServer((request, response) => void api.#answer(request, response))
    const api = new WatchApi(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return api
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  set isOut(isOut: boolean) {
    this.#isOut = isOut
    if (!isOut) return
    for (const response of this.#watches.keys()) response.destroy()
    this.#watches.clear()
  }

  get(path: string): Stored {
    return this.#objects.get(path)
  }

  /** Puts an object where it belongs, and tells who watches. */
  put(path: string, object: Stored): void {
    const type = this.#objects.has(path) ? 'MODIFIED' : 'ADDED'
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } }
    this.#objects.set(path, stored)
    this.#tell(path, { type, object: stored })
  }

  remove(path: string): void {
    const object = this.#objects.get(path)
    this.#objects.delete(path)
    this.#version++
    this.#tell(path, { type: 'DELETED', object })
  }

  #tell(path: string, event: object): void {
    const line = `${JSON.stringify(event)}\n`
    this.#events.push({ version: this.#version, path, line })
    for (const [response, collection] of this.#watches) {
      if (path.startsWith(`${collection}/`)) response.write(line)
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api')
    const { method } = request
    if (this.#isOut) return reply(response, 503, { message: 'out of order' })
    if (searchParams.get('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      this.#watches.set(response, pathname)
      const from = Number(searchParams.get('resourceVersion') ?? this.#version)
      for (const { version, path, line } of this.#events)
        if (version > from && path.startsWith(`${pathname}/`)) response.write(line)
      return
    }
    this.requests.push(`${method} ${pathname}`)
    if (method === 'GET' && /\/(?:nodes|pods|leases)$/.test(pathname)) {
      const items = [...this.#objects].filter(([path]) => path.startsWith(`${pathname}/`)).map(([, object]) => object)
      return reply(response, 200, { kind: 'List', metadata: { resourceVersion: String(this.#version) }, items })
    }
    if (method === 'POST') {
      const body = (await json(request)) as Stored
      const path = `${pathname}/${body.metadata.name}`
      if (this.#objects.has(path)) return reply(response, 409, { message: 'exists' })
      this.put(path, body)
      return reply(response, 201, this.get(path))
    }
    const present = this.#objects.get(pathname)
    if (!present) return reply(response, 404, { message: 'not found' })
    if (method === 'GET') return reply(response, 200, present)
    const body = (await json(request)) as Stored
    const version = body.metadata?.resourceVersion
    if (version !== undefined && version !== present.metadata.resourceVersion) {
      return reply(response, 409, { message: 'the object has been modified' })
    }
    this.put(pathname, method === 'PUT' ? body : merged(present, body))
    reply(response, 200, this.get(pathname))
  }
}

/** RFC 7386. */
function merged(target: Stored, patch: Stored): Stored {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result = typeof target === 'object' && target !== null ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}

function reply(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
