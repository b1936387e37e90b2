import type { Dispatcher } from 'undici'
import { ExpectedError } from '../../errors.ts'

export interface HttpRequest {
  readonly url: URL
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

export interface HttpResponse {
  /** Where the answer came from, after redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Empty when a sink took it; cut off at {@link MAX_BODY}. */
  readonly body: Buffer
}

/** Takes a body, chunk by chunk; `enough` ends the exchange where it is, the chunk and the rest are not wanted. */
export interface BodySink {
  write(chunk: Uint8Array): Promise<void> | 'enough' | undefined
}

/** Decides from the head of an answer whether its body goes into a sink, is collected, or is not wanted at all. */
export type Receive = (status: number, headers: HttpResponse['headers']) => BodySink | 'collect' | 'refuse'

export interface Timeouts {
  /** Milliseconds until the head of the answer must be there. */
  readonly headTimeout: number
  /** Milliseconds in which a body must bring at least {@link MINIMUM_PROGRESS} bytes or end. */
  readonly bodyTimeout: number
}

/** The server let us wait, or dripped. */
export class StalledError extends Error {}

/** Larger than any manifest that a runtime takes. */
const MAX_BODY = 8 * 1024 * 1024
/** Slower than any link that is of use, so that a server cannot hold us by dripping. */
const MINIMUM_PROGRESS = 16 * 1024

/** One request and its answer, redirects not followed. The body goes to a sink at the pace at which the sink takes it. */
export function sendRequest(
  dispatcher: Dispatcher,
  { url, method, headers, body }: HttpRequest,
  { headTimeout, bodyTimeout }: Timeouts,
  receive: Receive = () => 'collect',
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    let head: Pick<HttpResponse, 'status' | 'headers'> | undefined
    let sink: BodySink | undefined
    let progress = 0
    let total = 0
    const collected: Buffer[] = []
    const fail = (error: Error) => {
      clearTimeout(timer)
      reject(error)
    }
    const watch = (controller: Dispatcher.DispatchController, milliseconds: number, problem: string) => {
      clearTimeout(timer)
      progress = 0
      timer = setTimeout(() => {
        if (head && (progress >= MINIMUM_PROGRESS || controller.paused)) watch(controller, milliseconds, problem)
        else controller.abort(new StalledError(`${problem} for ${milliseconds / 1000} s`))
      }, milliseconds)
    }
    const stop = (controller: Dispatcher.DispatchController) => {
      if (head) resolve({ url, ...head, body: Buffer.alloc(0) })
      controller.abort(new Error('the body is not wanted'))
    }
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { 'accept-encoding': 'identity', 'user-agent': 'nodeseed', ...headers },
        ...(body !== undefined && { body }),
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      {
        onRequestStart(controller) {
          watch(controller, headTimeout, 'no answer')
        },
        onResponseStart(controller, status, headers) {
          head = { status, headers }
          const wanted = receive(status, headers)
          if (wanted === 'refuse') return stop(controller)
          if (wanted !== 'collect') sink = wanted
          watch(controller, bodyTimeout, 'no data')
        },
        onResponseData(controller, chunk) {
          // undici gives nothing where a pause ends at once; a pause for that would go on for ever.
          if (chunk.length === 0) return
          progress += chunk.length
          total += chunk.length
          if (!sink) {
            if (total > MAX_BODY) controller.abort(tooLong(url))
            // The memory is the connection's: the next bytes go into it.
            else collected.push(Buffer.from(chunk))
            return
          }
          try {
            const busy = sink.write(chunk)
            if (!busy) return
            if (busy === 'enough') return stop(controller)
            controller.pause()
            busy.then(
              () => controller.resume(),
              (error) => controller.abort(error),
            )
          } catch (error) {
            controller.abort(error as Error)
          }
        },
        onResponseEnd() {
          clearTimeout(timer)
          if (head) resolve({ url, ...head, body: Buffer.concat(collected) })
        },
        onResponseError(_controller, error) {
          fail(error)
        },
      },
    )
  })
}

function tooLong({ host, pathname }: URL): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${host}: answers with more than ${MAX_BODY} bytes for ${pathname}`, {
    hint: 'No manifest is that large: something else than a registry answers there.',
  })
}
