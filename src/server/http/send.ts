import type { IncomingMessage, ServerResponse } from 'node:http'
import { ExpectedError } from '../../errors.ts'
import { type Reply, refusal } from '../registry/reply.ts'
import type { BodyBudget } from './body/body-budget.ts'
import { pump } from './body/pump.ts'
import type { SharedChunks } from './body/shared-chunks.ts'
import type { AnsweredRequest } from './metrics.ts'
import type { Respond } from './service.ts'

/** What all answers of a server share. */
export interface SendOptions {
  readonly chunks: SharedChunks
  readonly budget: BodyBudget
  /** Hears why an answer could not be made. */
  readonly onError: (error: unknown) => void
}

/** Answers one request and tells how that went. Never throws: a request cannot end the server. */
export async function sendReply(
  respond: Respond,
  request: IncomingMessage,
  response: ServerResponse,
  { chunks, budget, onError }: SendOptions,
): Promise<AnsweredRequest> {
  const started = performance.now()
  const { method = '', url = '', headers } = request
  const answered = await respond({ method, url, headers }).catch((error) => {
    onError(error)
    return BROKEN
  })
  const reply = budget.admit(answered)
  let bytes = 0
  const onBytes = (count: number) => {
    bytes += count
  }
  try {
    // A body is nothing that this server reads; the connection ends instead.
    if (hasBody(headers)) response.setHeader('connection', 'close')
    response.writeHead(reply.status, reply.headers)
    if (method !== 'HEAD') await sendBody(reply.body, response, { chunks, onBytes })
    await end(response)
  } catch (error) {
    // Cut off, so that what was sent so far cannot look complete: the client has gone, or the bundle cannot be read.
    if (error instanceof ExpectedError) onError(error)
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

/** What is wrong is for whoever runs the server: it may name files of this machine. */
const BROKEN = refusal('UNKNOWN', 'the server cannot read what it serves; its own output says why')

function hasBody(headers: IncomingMessage['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

async function sendBody(
  body: Reply['body'],
  response: ServerResponse,
  options: { chunks: SharedChunks; onBytes: (bytes: number) => void },
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
