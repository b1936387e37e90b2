import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Reply, refusal } from '../registry/reply.ts'
import type { AnsweredRequest } from './metrics.ts'
import { type BufferPool, pump } from './pump.ts'
import type { Respond } from './service.ts'

/** Answers one request and tells how that went. Never throws: a request cannot end the server. */
export async function sendReply(
  respond: Respond,
  request: IncomingMessage,
  response: ServerResponse,
  pool: BufferPool,
): Promise<AnsweredRequest> {
  const started = performance.now()
  const { method = '', url = '', headers } = request
  const reply = await respond({ method, url, headers }).catch(brokenReply)
  let bytes = 0
  const onBytes = (count: number) => {
    bytes += count
  }
  try {
    response.writeHead(reply.status, reply.headers)
    if (method !== 'HEAD') await sendBody(reply.body, response, { pool, onBytes })
    await end(response)
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
    bytes,
    milliseconds: performance.now() - started,
    aborted: !response.writableFinished,
  }
}

function brokenReply(error: Error): Reply {
  return refusal('UNKNOWN', error.message)
}

async function sendBody(
  body: Reply['body'],
  response: ServerResponse,
  options: { pool: BufferPool; onBytes: (bytes: number) => void },
): Promise<void> {
  if (!body) return
  if (!(body instanceof Uint8Array)) return pump(body, response, options)
  response.write(body)
  options.onBytes(body.byteLength)
}

/** Resolves when everything is with the operating system; rejects when the client goes away before. */
function end(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const onGone = () => reject(new Error('the client has gone'))
    if (response.destroyed) return onGone()
    response.once('close', onGone)
    response.end(resolve)
  })
}
