import { BlockList, isIP } from 'node:net'
import { ExpectedError } from '../../errors.ts'
import { isLoopback } from './address-guard.ts'

/** As the variables of the environment have it: addresses of proxies, and hosts that need none. */
export interface ProxyOptions {
  readonly http?: string | undefined
  readonly https?: string | undefined
  /** Where the one for a protocol is not said. */
  readonly all?: string | undefined
  readonly no?: string | undefined
}

/**
 * The variables as curl and most tools read them: lower case first, and an empty one is none.
 *
 * @throws {ExpectedError} INPUT_INVALID for the address of a proxy that is none
 */
export function proxiesFrom(env: NodeJS.ProcessEnv): ProxyOptions {
  const said = (name: string) => env[name.toLowerCase()] || env[name]
  const [http, https, no] = [said('HTTP_PROXY'), said('HTTPS_PROXY'), said('NO_PROXY')]
  // Desktops set ALL_PROXY beside the others, in schemes of their own (`socks://`), for whoever reads no other.
  const all = http && https ? undefined : said('ALL_PROXY')
  for (const [name, proxy] of Object.entries({ HTTP_PROXY: http, HTTPS_PROXY: https, ALL_PROXY: all })) {
    if (proxy && no !== '*') parseProxy(proxy, name)
  }
  return { http, https, all, no }
}

interface ProxyAnswer {
  readonly status?: number
  readonly offers?: readonly string[]
  readonly reason?: string
  readonly cause?: Error
}

/** A proxy is not reached, or does not do what it is asked for. */
export class ProxyError extends Error {
  /** `proxy.local:3128`: never what its address holds of a user. */
  readonly host: string
  /** What it answered, if it did. */
  readonly status: number | undefined
  /** The ways to log in that it knows. */
  readonly offers: readonly string[]
  /** What it says of why, in a sentence's middle. */
  readonly reason: string | undefined

  constructor(host: string, { status, offers = [], reason, cause }: ProxyAnswer) {
    super(`proxy ${host}`, { cause })
    this.host = host
    this.status = status
    this.offers = offers
    this.reason = reason
  }
}

/**
 * The proxy that an address is to be asked through, as kubectl, skopeo and containerd decide it: none for this machine,
 * nor for what `NO_PROXY` names by host, domain, address or network.
 * Source: golang.org/x/net/http/httpproxy, Config.
 *
 * @throws {ExpectedError} INPUT_INVALID for the address of a proxy that is none; it is not repeated.
 */
export function proxyFor(url: URL, { http, https, all, no = '' }: ProxyOptions): URL | undefined {
  const own = url.protocol === 'https:' ? https : http
  const proxy = own || all
  if (!proxy || isLoopback(url.hostname) || needsNone(url, no)) return undefined
  return parseProxy(proxy, own ? `${url.protocol.slice(0, -1).toUpperCase()}_PROXY` : 'ALL_PROXY')
}

/** A proxy without a scheme speaks http. `where` says who gave it. @throws {ExpectedError} INPUT_INVALID */
export function parseProxy(text: string, where: string): URL {
  const address = text.includes('://') ? text : `http://${text}`
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url && /^(?:https?|socks5h?):$/.test(url.protocol) && url.hostname) return url
  throw new ExpectedError('INPUT_INVALID', `${where}: not the address of a proxy`, {
    hint: 'Write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, special characters as %XX; or with socks5:// or socks5h://.',
  })
}

function needsNone(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && (entry === '*' || isMeant(entry, host, port)))
}

function isMeant(entry: string, host: string, port: string): boolean {
  if (entry.includes('/')) return isInNetwork(entry, host)
  const [, name = entry, wanted] = isIP(entry) ? [] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? [])
  if (wanted && wanted !== port) return false
  const bare = name.replace(/^\[|\]$/g, '')
  if (isIP(bare)) return bare === host
  const domain = bare.replace(/^\*\./, '.')
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`)
}

function isInNetwork(entry: string, host: string): boolean {
  const [network = '', bits] = entry.split('/')
  const family = isIP(network)
  if (family === 0 || family !== isIP(host) || !/^\d+$/.test(bits ?? '')) return false
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  const type = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(network, Number(bits), type)
  return list.check(host, type)
}
