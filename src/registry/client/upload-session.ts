import { ExpectedError } from '../../errors.ts'
import type { Endpoint } from '../config/endpoint.ts'
import type { HttpResponse } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'

/**
 * Where the registry wants an upload; it may be another host, to which no credentials go. Registries behind a server that
 * speaks https for them may name themselves with plain http: their own address is meant.
 *
 * @throws {ExpectedError} REGISTRY_ERROR for no address, and for plain http where https was spoken.
 */
export function locationOf({ url, headers }: HttpResponse, { base }: Endpoint, { what, registry }: Subject): URL {
  const { location } = headers
  const target = typeof location === 'string' && URL.canParse(location, url.href) ? new URL(location, url) : undefined
  if (target && base.protocol === 'https:' && target.protocol === 'http:' && target.hostname === base.hostname) {
    return new URL(`${target.pathname}${target.search}`, base)
  }
  const isSafe = target && (target.protocol === 'https:' || (target.protocol === 'http:' && base.protocol === 'http:'))
  if (isSafe) return target
  const problem = location === undefined ? 'names no address for the upload' : `wants the upload at ${location}`
  throw new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} ${problem}`, {
    hint: 'Nothing is sent there. Ask the operator of the registry.',
  })
}

/** How many bytes of an upload the registry has; undefined when it does not say. */
export function receivedBytes({ headers }: HttpResponse): number | undefined {
  const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(String(headers.range ?? '')) ?? []
  if (last === undefined) return undefined
  // A registry says 0-0 for nothing as well as for one byte.
  return last === '0' ? 0 : Number(last) + 1
}
