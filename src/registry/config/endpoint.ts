import { ExpectedError } from '../../errors.ts'
import type { Reference } from '../../oci/reference.ts'
import { isLoopback } from '../http/address-guard.ts'
import type { HostSettings } from '../http/host-settings.ts'

/** A registry API that may have a repository: the original, or a mirror of it. */
export interface Endpoint {
  readonly base: URL
  /** Where the API begins: `/v2`. */
  readonly path: string
  /** The name of the repository there. */
  readonly repository: string
  /** For a mirror of several registries, the one that is meant: `quay.io`. */
  readonly namespace?: string
  /** What may be asked there; everything when it is not said. */
  readonly only?: 'digests' | 'tags'
  /** Whether https is tried, whatever `base` says, before plain http. */
  readonly secureFirst?: boolean
  /** Whether plain http is only what is usual there, and https may be spoken all the same. */
  readonly maySpeakHttps?: boolean
  /** What it takes to speak with its host, besides what holds for every host. */
  readonly settings?: HostSettings
}

/** `from` (`quay.io`, `quay.io/team`) is asked for at `to` (`mirror.local:5000/quay`) first. */
export interface MirrorRule {
  readonly from: string
  readonly to: string
}

/** What configuration files say about a repository; undefined when they say nothing. */
export type ConfiguredEndpoints = (
  repository: Pick<Reference, 'domain' | 'path'>,
) => Promise<readonly Endpoint[] | undefined>

export interface EndpointOptions {
  readonly mirrors?: readonly MirrorRule[]
  /** Hosts to speak plain http with; loopback hosts always are, as docker and containerd do. */
  readonly plainHttp?: readonly string[]
  readonly configured?: ConfiguredEndpoints
}

/**
 * Where to ask for a repository, best first: the mirrors in the order given, then what configuration files say, else
 * the registry itself.
 */
export async function endpointsOf(
  { domain, path }: Pick<Reference, 'domain' | 'path'>,
  { mirrors = [], plainHttp = [], configured = async () => undefined }: EndpointOptions = {},
): Promise<readonly Endpoint[]> {
  const name = `${domain}/${path}`
  const mirrored = mirrors.flatMap(({ from, to }) => {
    const isMeant = name === from || name.startsWith(`${from}/`)
    return isMeant ? [endpointAt(`${to}${name.slice(from.length)}`, plainHttp)] : []
  })
  return [...mirrored, ...((await configured({ domain, path })) ?? [endpointAt(name, plainHttp)])]
}

/**
 * The registry that has a full name: `quay.io/team/app` at `https://quay.io`.
 *
 * @throws {ExpectedError} REFERENCE_INVALID for a host that no program can ask, as a name may have one: `app.test:99999`
 */
export function endpointAt(name: string, plainHttp: readonly string[]): Endpoint {
  const [host = '', ...parts] = name.split('/')
  // Docker Hub's API answers under another name than its images have.
  const api = host === 'docker.io' ? 'registry-1.docker.io' : host
  if (!isHost(api)) {
    throw new ExpectedError('REFERENCE_INVALID', `${JSON.stringify(host)} is no address of a registry`, {
      hint: 'Write HOST or HOST:PORT, the port from 0 to 65535, the numbers of an IPv4 address from 0 to 255.',
    })
  }
  const isLocal = isLoopback(new URL(`http://${api}`).hostname)
  const isPlain = plainHttp.includes(host)
  return {
    base: new URL(`${isPlain || isLocal ? 'http' : 'https'}://${api}`),
    path: '/v2',
    repository: parts.join('/'),
    ...(isLocal && !isPlain && { maySpeakHttps: true }),
  }
}

/** Whether a text is HOST or HOST:PORT and nothing else, of which an address can be made. */
export function isHost(text: string): boolean {
  return /^[^\s/?#@\\]*[^\s/?#@\\:]$/.test(text) && URL.canParse(`http://${text}`)
}
