import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** One PUT of blob content: where it began, and how much had arrived in all when it ended. */
interface UploadTry {
  readonly digest: string
  readonly start: number
  received: number
}

export interface UploadServer {
  readonly host: string
  readonly uploads: readonly UploadTry[]
  readonly blobs: ReadonlyMap<string, Buffer>
}

/**
 * The push half of a registry, in memory, that lets a broken upload go on: it says how far it got, as the
 * distribution-spec has it (end-13). The first upload beyond `cutAfter` bytes is cut off there. A `silent` server answers
 * nothing.
 */
export async function startUploadServer({
  cutAfter,
  silent = false,
}: {
  cutAfter: number
  silent?: boolean
}): Promise<UploadServer> {
  const uploads: UploadTry[] = []
  const blobs = new Map<string, Buffer>()
  const manifests = new Map<string, Buffer>()
  const sessions = new Map<string, Buffer[]>()
  let hasCut = false

  const put = (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const parts = sessions.get(url.pathname) ?? []
    const bytesOf = () => parts.reduce((sum, { length }) => sum + length, 0)
    const digest = url.searchParams.get('digest') ?? ''
    const upload = { digest, start: Number(/^\d+/.exec(request.headers['content-range'] ?? '0')?.[0]), received: 0 }
    uploads.push(upload)
    request.on('data', (chunk: Buffer) => {
      parts.push(chunk)
      upload.received = bytesOf()
      if (hasCut || upload.received <= cutAfter) return
      hasCut = true
      request.destroy()
    })
    request.on('error', () => {})
    request.on('end', () => {
      blobs.set(digest, Buffer.concat(parts))
      response.writeHead(201).end()
    })
  }
  const server = createServer(async (request, response) => {
    if (silent) return
    const url = new URL(request.url ?? '/', 'http://registry')
    const parts = sessions.get(url.pathname)
    const name = url.pathname.slice(url.pathname.lastIndexOf('/') + 1)
    const kept = request.method === 'GET' ? manifests.get(name) : blobs.get(name)
    if (request.method === 'POST') {
      const location = `${url.pathname}${sessions.size}`
      sessions.set(location, [])
      response.writeHead(202, { location }).end()
    } else if (request.method === 'GET' && parts) {
      const last = parts.reduce((sum, { length }) => sum + length, 0) - 1
      response.writeHead(204, { range: `0-${last}`, location: url.pathname }).end()
    } else if (request.method === 'PUT' && parts) put(request, response, url)
    else if (request.method === 'PUT') {
      manifests.set(name, await buffer(request))
      response.writeHead(201).end()
    } else if (kept) response.writeHead(200, { 'content-length': kept.length }).end(kept)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { host: `127.0.0.1:${(server.address() as { port: number }).port}`, uploads, blobs }
}
