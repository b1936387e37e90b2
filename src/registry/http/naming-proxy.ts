import type { Dispatcher } from 'undici'
import { ProxyError } from './proxy.ts'

/** Says of the errors of a proxied request which are the proxy's own. */
export function namingProxy(host: string): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onResponseStart: (controller, status, headers, text) =>
        handler.onResponseStart?.(controller, status, headers, text),
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, ofProxy(host, error)),
    })
}

/** Only the proxy is connected to; what it answers instead of a tunnel stands in undici's words alone. */
function ofProxy(host: string, error: Error): Error {
  const [, status] = /^Proxy (?:response \((\d+)\)|Authentication Required)/.exec(error.message) ?? []
  if (status) return new ProxyError(host, Number(status), error)
  if (error.message.startsWith('Proxy Authentication Required')) return new ProxyError(host, 407, error)
  const { code = '' } = error as NodeJS.ErrnoException
  return CONNECTING.test(code) ? new ProxyError(host, undefined, error) : error
}

const CONNECTING =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|UND_ERR_PRX_.*)$/
