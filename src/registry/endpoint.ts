import type { Reference } from '../oci/reference.ts'

/** A registry API that may have a repository: the original, or a mirror of it. */
export interface Endpoint {
  /** Without `/v2`: `https://quay.io`. */
  readonly base: URL
  /** The name of the repository there. */
  readonly repository: string
}

/** `from` (`quay.io`, `quay.io/team`) is asked for at `to` (`mirror.local:5000/quay`) first. */
export interface Mirror {
  readonly from: string
  readonly to: string
}

export interface EndpointOptions {
  readonly mirrors?: readonly Mirror[]
  /** Hosts to speak plain http with; loopback hosts always are, as docker and containerd do. */
  readonly plainHttp?: readonly string[]
}

/** Where to ask for a repository, best first: the mirrors in the order given, then the registry itself. */
export function endpointsOf(
  { domain, path }: Pick<Reference, 'domain' | 'path'>,
  { mirrors = [], plainHttp = [] }: EndpointOptions = {},
): Endpoint[] {
  const name = `${domain}/${path}`
  const mirrored = mirrors.flatMap(({ from, to }) => {
    if (name !== from && !name.startsWith(`${from}/`)) return []
    const [host = '', ...parts] = `${to}${name.slice(from.length)}`.split('/')
    return [{ base: baseOf(host, plainHttp), repository: parts.join('/') }]
  })
  return [...mirrored, { base: baseOf(apiHost(domain), plainHttp), repository: path }]
}

/** Docker Hub's API answers under another name than its images have. */
function apiHost(domain: string): string {
  return domain === 'docker.io' ? 'registry-1.docker.io' : domain
}

function baseOf(host: string, plainHttp: readonly string[]): URL {
  const plain = plainHttp.includes(host) || isLoopback(new URL(`http://${host}`).hostname)
  return new URL(`${plain ? 'http' : 'https'}://${host}`)
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
