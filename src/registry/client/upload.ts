import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { type HttpResponse, StalledError, type Timeouts } from '../http/send-request.ts'

export interface UploadRequest {
  readonly method: 'HEAD' | 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>)
}

/** An answer to an upload is short. */
const MAX_BODY = 64 * 1024

/** One request whose body may be a stream. It is given up when neither side moves for as long as we have timeouts. */
export async function upload(
  dispatcher: Dispatcher,
  { method, url, headers = {}, body }: UploadRequest,
  { headTimeout }: Timeouts,
): Promise<HttpResponse> {
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(new StalledError(`no answer for ${headTimeout / 1000} s`)), headTimeout)
  const watched = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      timer.refresh()
      yield chunk
    }
    timer.refresh()
  }
  try {
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: { 'user-agent': 'nodeseed', ...headers },
      // undici takes any iterable, though its types do not say so, and asks for a chunk when the one before has been
      // sent. A Readable would read ahead, over what is still to be sent: chunks come in memory that is used again.
      ...(body && { body: typeof body === 'function' ? (watched(body()) as unknown as Readable) : body }),
      headersTimeout: 0,
      signal: stalled.signal,
    })
    const text = Buffer.from(await answer.body.arrayBuffer()).subarray(0, MAX_BODY)
    return { url, status: answer.statusCode, headers: answer.headers, body: text }
  } finally {
    clearTimeout(timer)
  }
}
