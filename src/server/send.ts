import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Exchange } from './metrics.ts'
import { type Reply, refusal } from './reply.ts'
import type { Respond } from './service.ts'

/** Answers one request and tells how that went. Never throws: a request cannot end the server. */
export async function sendReply(
  respond: Respond,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Exchange> {
  const started = performance.now()
  const { method = '', url = '', headers } = request
  let sent = 0
  const reply = await respond({ method, url, headers }).catch(brokenReply)
  try {
    response.writeHead(reply.status, reply.headers)
    await pipeline(
      count(method === 'HEAD' ? undefined : reply.body, (bytes) => (sent += bytes)),
      response,
    )
  } catch {
    // Cut off, so that what was sent so far cannot look complete: the client has gone, or the bundle cannot be read.
    response.destroy()
  } finally {
    reply.release?.()
  }
  return {
    client: request.socket.remoteAddress ?? '',
    method,
    url,
    userAgent: headers['user-agent'] ?? '',
    status: reply.status,
    bytes: sent,
    milliseconds: performance.now() - started,
    aborted: !response.writableFinished,
  }
}

function brokenReply(error: Error): Reply {
  return refusal('UNKNOWN', error.message)
}

async function* count(body: Reply['body'], onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  if (!body) return
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    yield chunk
    onBytes(chunk.byteLength)
  }
}
