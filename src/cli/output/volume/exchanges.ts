import { subscribe } from 'node:diagnostics_channel'
import { formatBytes } from '../../../oci/format-bytes.ts'
import { shownUrl } from './shown-url.ts'

/** A request as the HTTP client announces it. Source: undici, docs/api/DiagnosticsChannel.md. */
interface Announced {
  readonly origin: string | URL
  readonly path: string
  readonly method: string
}

interface Watched {
  readonly start: number
  sent: number
  received: number
  status?: number
}

interface Told {
  readonly request: Announced
  readonly chunk?: Uint8Array
  readonly response?: { readonly statusCode: number }
  readonly error?: Error & { readonly code?: string }
}

/**
 * Has every HTTP exchange of this process told as one line when it ends: method, address, status, bytes, time. Each try,
 * redirect and question to a token server is one. Headers and bodies are never told, so neither are credentials.
 */
export function tellExchanges(tell: (line: string) => void): void {
  const running = new Map<Announced, Watched>()
  const end = ({ request, error }: Told) => {
    const watched = running.get(request)
    if (!watched || !running.delete(request)) return
    tell(`asked ${request.method} ${shownUrl(request)}: ${outcomeOf(watched, error)}`)
  }
  listen('create', ({ request }) => {
    running.set(request, { start: performance.now(), sent: 0, received: 0 })
  })
  listen('bodyChunkSent', ({ request, chunk }) => {
    const watched = running.get(request)
    if (watched) watched.sent += chunk?.length ?? 0
  })
  listen('headers', ({ request, response }) => {
    const watched = running.get(request)
    if (watched && response) watched.status = response.statusCode
  })
  listen('bodyChunkReceived', ({ request, chunk }) => {
    const watched = running.get(request)
    if (watched) watched.received += chunk?.length ?? 0
  })
  listen('trailers', end)
  listen('error', end)
}

function listen(event: string, handle: (told: Told) => void): void {
  subscribe(`undici:request:${event}`, (message) => handle(message as Told))
}

function outcomeOf({ start, sent, received, status }: Watched, error: Told['error']): string {
  return [
    status === undefined ? `no answer (${error?.code ?? error?.message ?? 'ended'})` : String(status),
    ...(sent > 0 ? [`${formatBytes(sent)} sent`] : []),
    ...(received > 0 ? [formatBytes(received)] : []),
    ...(error && status !== undefined ? ['not read to its end'] : []),
    timeOf(performance.now() - start),
  ].join(', ')
}

/** `34 ms`, `1.2 s`. */
export function timeOf(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}
