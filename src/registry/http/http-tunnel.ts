import { request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { ProxyError } from './proxy.ts'

/** What a connection to a proxy by https takes. */
export interface ProxySecurity {
  readonly secureContext: SecureContext
  readonly rejectUnauthorized: boolean
}

export interface TunnelOptions {
  /** Milliseconds until the connection must be there. */
  readonly timeout: number
  /** Ends a connection that is being made. */
  readonly signal?: AbortSignal | undefined
  readonly security: () => ProxySecurity
}

/**
 * A connection to a host (as a URL has it, with its port) through an http proxy. Source: RFC 9110, 9.3.6.
 *
 * @throws ProxyError with the status where the proxy answers and makes none
 */
export function openHttpTunnel(
  proxy: URL,
  { hostname, port }: { readonly hostname: string; readonly port: number },
  { timeout, signal, security }: TunnelOptions,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const isSecure = proxy.protocol === 'https:'
    const host = proxy.hostname.replace(/^\[|\]$/g, '')
    const authority = `${hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname}:${port}`
    const options = {
      ...{ host, port: Number(proxy.port || (isSecure ? 443 : 80)), method: 'CONNECT', path: authority },
      ...(signal && { signal }),
      headers: { host: authority, ...userOf(proxy) },
      agent: false as const,
    }
    const request = isSecure
      ? requestSecurely({ ...options, ...security(), servername: isIP(host) ? '' : host })
      : requestPlainly(options)
    const timer = setTimeout(() => request.destroy(new Error('no answer')), timeout)
    request.on('connect', ({ statusCode = 0, headersDistinct }, stream, head: Buffer) => {
      clearTimeout(timer)
      const socket = stream as Socket
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
        return
      }
      socket.on('error', () => {}).destroy()
      reject(
        new ProxyError(proxy.host, {
          status: statusCode,
          offers: schemesIn(headersDistinct['proxy-authenticate'] ?? []),
        }),
      )
    })
    request.on('error', (cause) => {
      clearTimeout(timer)
      reject(new ProxyError(proxy.host, { cause }))
    })
    request.end()
  })
}

function userOf({ username, password }: URL): Record<string, string> {
  if (!username) return {}
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }
}

/** `Negotiate`, `NTLM`, `Basic`. */
function schemesIn(headers: readonly string[]): string[] {
  return headers.flatMap((text) => /^\s*([\w-]+)/.exec(text)?.[1] ?? [])
}
