import { lookup as lookUp } from 'node:dns/promises'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** How near to this machine an address is: anywhere, in a network of its own, or on this machine and its link. */
export type Nearness = 0 | 1 | 2

/** Hosts that this machine is, as docker and containerd see it: plain http is spoken there. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}

const LINK = blockListOf(['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '::/128', '::1/128', 'fe80::/10'])
const NETWORK = blockListOf([
  ...['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['fc00::/7', 'fec0::/10', '64:ff9b:1::/48'],
])
/** Addresses of IPv6 that stand for one of IPv4, and where in it that is, in bytes. */
const EMBEDDED: [list: BlockList, at: number][] = [
  [blockListOf(['::ffff:0:0/96', '::/96', '64:ff9b::/96', '::ffff:0:0:0/96']), 12],
  [blockListOf(['2002::/16']), 2],
]

/**
 * What a host name of an address says by itself (`127.0.0.1`, `[fe80::1]`, `app.localhost.`); names that have to be looked
 * up are anywhere. Sources: IANA's special-purpose address registries; RFC 6761, 6.3; RFC 6052, 2.1.
 */
export function nearnessOf(hostname: string): Nearness {
  const host = hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
  if (host === 'localhost' || host.endsWith('.localhost')) return 2
  const family = isIP(host)
  if (family === 0) return 0
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (LINK.check(host, type)) return 2
  if (family === 6) {
    const at = EMBEDDED.find(([list]) => list.check(host, 'ipv6'))?.[1]
    if (at !== undefined)
      return nearnessOf(
        bytesOf(host)
          .slice(at, at + 4)
          .join('.'),
      )
  }
  return NETWORK.check(host, type) ? 1 : 0
}

/** Milliseconds for looking up whether a registry is in a network of its own; where names have no answer it is not. */
const LOOKUP_TIMEOUT = 3000

/** How near a host is; of several addresses that of the farthest, so that nobody gains by adding one. */
export async function lookUpNearness(hostname: string): Promise<Nearness> {
  const said = nearnessOf(hostname)
  if (said > 0 || isIP(hostname.replace(/^\[|\]$/g, ''))) return said
  const timeout = new Promise<never[]>((resolve) => setTimeout(resolve, LOOKUP_TIMEOUT, []).unref())
  const found = await Promise.race([lookUp(hostname, { all: true }).catch(() => []), timeout])
  const nearness = found.map(({ address }) => nearnessOf(address))
  return nearness.length > 0 ? (Math.min(...nearness) as Nearness) : 0
}

/** Looks names up, without the addresses that are nearer than it is allowed: a name may stand for any. */
export function guardedLookup(allowed: Nearness): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }).then(
      (found) => {
        const addresses = found.filter(({ address }) => nearnessOf(address) <= allowed)
        const [first] = addresses
        if (!first) callback(new PrivateAddressError(hostname), '', 0)
        else if (options.all) callback(null, addresses)
        else callback(null, first.address, first.family)
      },
      callback as (error: NodeJS.ErrnoException) => void,
    )
  }
}

/** Somebody who is not in a private network named an address in one. */
export class PrivateAddressError extends Error {
  readonly host: string

  constructor(host: string) {
    super(`${host} is an address in a private network`)
    this.host = host
  }
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

/** The sixteen bytes of an address of IPv6. */
export function bytesOf(address: string): number[] {
  // As a URL has it, no part is dotted.
  const [head = '', tail = ''] = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split('::')
  const [front, back] = [head, tail].map((part) =>
    (part ? part.split(':') : []).map((group) => Number.parseInt(group, 16)),
  )
  const zeros = Array<number>(8 - front!.length - back!.length).fill(0)
  return [...front!, ...zeros, ...back!].flatMap((group) => [group >> 8, group & 255])
}
