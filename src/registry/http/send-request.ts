import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { ExpectedError } from '../../errors.ts'

export interface HttpRequest {
  readonly url: URL
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly headers: Readonly<Record<string, string | string[]>>
  /** A stream is opened anew whenever the request is sent again; a chunk is used up when the next is asked for. */
  readonly body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>) | undefined
}

export interface HttpResponse {
  /** Where the answer came from, after redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Empty when a sink took it; never more than {@link MAX_DOCUMENT}. */
  readonly body: Buffer
}

/** Takes a body, chunk by chunk; `enough` ends the exchange where it is, the chunk and the rest are not wanted. */
export interface BodySink {
  write(chunk: Uint8Array): Promise<void> | 'enough' | undefined
}

/** Decides from the head of an answer whether its body goes into a sink, is collected, or is not wanted at all. */
export type Receive = (status: number, headers: HttpResponse['headers']) => BodySink | 'collect' | 'refuse'

/** In milliseconds. */
export interface Timeouts {
  /** Until the head of the answer must be there, counted from the last bytes of the request that were taken. */
  readonly headTimeout: number
  /** In which a body must bring at least {@link MINIMUM_PROGRESS} bytes or end. */
  readonly bodyTimeout: number
  /** In which an answer that is collected must be whole; ten times the others when it is not said. */
  readonly answerTimeout?: number
}

/** The server let us wait, or dripped. */
export class StalledError extends Error {}

/** What the connection met, as undici says it in `cause`. */
export class ConnectionError extends Error {
  /** The host, where it is not that of whom was asked. */
  readonly elsewhere: string | undefined

  constructor(cause: Error, elsewhere?: string) {
    super(cause.message, { cause })
    this.elsewhere = elsewhere
  }
}

/** Bytes: larger than any manifest that a runtime takes. */
export const MAX_DOCUMENT = 8 * 1024 * 1024
/** Bytes: more words than anybody reads of a refusal, or of what became of an upload. */
const MAX_WORDS = 64 * 1024
/** Slower than any link that is of use, so that a server cannot hold us by dripping. */
const MINIMUM_PROGRESS = 16 * 1024

/**
 * One request and its answer, redirects not followed. A body goes to its sink at the pace at which the sink takes it; what
 * is collected is limited, and so is every wait.
 *
 * @throws ConnectionError, StalledError, what the sink or the request's body threw; {ExpectedError} REGISTRY_ERROR for a
 * document without end.
 */
export function sendRequest(
  dispatcher: Dispatcher,
  request: HttpRequest,
  timeouts: Timeouts,
  receive: Receive = () => 'collect',
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const exchange = new Exchange(request, timeouts, receive, { resolve, reject })
    const { url, method, headers } = request
    const body = exchange.requestBody()
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
      exchange,
    )
  })
}

interface Settle {
  readonly resolve: (response: HttpResponse) => void
  readonly reject: (error: unknown) => void
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest
  readonly #timeouts: Timeouts
  readonly #receive: Receive
  readonly #settle: Settle
  #controller: Dispatcher.DispatchController | undefined
  #timer: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #head: Pick<HttpResponse, 'status' | 'headers'> | undefined
  #sink: BodySink | undefined
  /** Bytes since the timer was set. */
  #progress = 0
  #total = 0
  readonly #collected: Buffer[] = []
  /** Why we ended it ourselves. */
  #ended: { readonly error: unknown } | undefined

  constructor(request: HttpRequest, timeouts: Timeouts, receive: Receive, settle: Settle) {
    this.#request = request
    this.#timeouts = timeouts
    this.#receive = receive
    this.#settle = settle
  }

  /** The request's body as undici takes it: each chunk that is taken gives the answer its full time again. */
  requestBody(): string | Uint8Array | Readable | undefined {
    const { body } = this.#request
    if (typeof body !== 'function') return body
    const exchange = this
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of body()) {
          exchange.#timer?.refresh()
          yield chunk
        }
        exchange.#timer?.refresh()
      } catch (error) {
        exchange.#end(error)
      }
    }
    // undici takes any iterable, though its types do not say so, and asks for a chunk when the one before has been sent.
    // A Readable would read ahead, over what is still to be sent: chunks come in memory that is used again.
    return watched() as unknown as Readable
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#watch(this.#timeouts.headTimeout, 'no answer')
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: HttpResponse['headers']): void {
    // "Go on" and "hints" promise nothing: the answer is still to come, in its time.
    if (status < 200) return
    this.#controller = controller
    this.#head = { status, headers }
    const wanted = this.#receive(status, headers)
    if (wanted === 'refuse') {
      this.#enough(Buffer.alloc(0))
      return
    }
    const { headTimeout, bodyTimeout, answerTimeout = 10 * Math.max(headTimeout, bodyTimeout) } = this.#timeouts
    this.#watch(bodyTimeout, 'no data')
    if (wanted !== 'collect') this.#sink = wanted
    else this.#deadline = setTimeout(() => this.#stall('no end', answerTimeout), Math.min(answerTimeout, LONGEST_TIMER))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // undici gives nothing where a pause ends at once; a pause for that would go on for ever.
    if (chunk.length === 0) return
    this.#progress += chunk.length
    this.#total += chunk.length
    if (this.#sink) this.#pass(chunk, this.#sink, controller)
    else this.#collect(chunk)
  }

  onResponseEnd(): void {
    this.#resolve(Buffer.concat(this.#collected))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#clear()
    this.#settle.reject(this.#ended ? this.#ended.error : new ConnectionError(error))
  }

  #pass(chunk: Buffer, sink: BodySink, controller: Dispatcher.DispatchController): void {
    try {
      const busy = sink.write(chunk)
      if (busy === 'enough') this.#enough(Buffer.alloc(0))
      if (!busy || busy === 'enough') return
      controller.pause()
      busy.then(
        () => controller.resume(),
        (error) => this.#end(error),
      )
    } catch (error) {
      this.#end(error)
    }
  }

  /** The memory is the connection's: the next bytes go into it. */
  #collect(chunk: Buffer): void {
    this.#collected.push(Buffer.from(chunk))
    const { url, method } = this.#request
    const isDocument = method === 'GET' && (this.#head?.status ?? 0) < 300
    if (this.#total <= (isDocument ? MAX_DOCUMENT : MAX_WORDS)) return
    if (isDocument) this.#end(tooLong(url))
    else this.#enough(Buffer.concat(this.#collected).subarray(0, MAX_WORDS))
  }

  #watch(milliseconds: number, problem: string): void {
    clearTimeout(this.#timer)
    this.#progress = 0
    this.#timer = setTimeout(() => {
      const moves = this.#head && (this.#progress >= MINIMUM_PROGRESS || this.#controller?.paused)
      if (moves) this.#watch(milliseconds, problem)
      else this.#stall(problem, milliseconds)
    }, milliseconds)
  }

  #stall(problem: string, milliseconds: number): void {
    this.#end(new StalledError(`${problem} for ${milliseconds / 1000} s`))
  }

  /** The answer without the rest of its body. */
  #enough(body: Buffer): void {
    this.#resolve(body)
    this.#controller?.abort(new Error('the rest of the body is not wanted'))
  }

  #end(error: unknown): void {
    this.#ended ??= { error }
    this.#controller?.abort(error instanceof Error ? error : new Error(String(error)))
  }

  #resolve(body: Buffer): void {
    this.#clear()
    if (this.#head) this.#settle.resolve({ url: this.#request.url, ...this.#head, body })
  }

  #clear(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#deadline)
  }
}

/** The longest time that a timer takes, in milliseconds: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1

function tooLong({ host, pathname }: URL): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${host}: answers with more than ${MAX_DOCUMENT} bytes for ${pathname}`, {
    hint: 'No manifest is that large: something else than a registry answers there.',
  })
}
