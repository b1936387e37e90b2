import { parse } from 'smol-toml'
import { ExpectedError } from '../../errors.ts'
import type { HostSettings } from '../http/host-settings.ts'
import { type ConfiguredEndpoints, type Endpoint, endpointAt, isHost } from './endpoint.ts'

/** One `[[registry]]` of a registries.conf. */
interface Rule {
  /** `quay.io/team`, or `*.example.com`. */
  readonly prefix: string
  /** What stands in place of the prefix. */
  readonly location: string
  readonly insecure: boolean
  readonly blocked: boolean
  readonly mirrors: readonly { location: string; insecure: boolean; only: Endpoint['only'] }[]
}

/**
 * What a registries.conf (version 2) says of registries and their mirrors. Its short names and search lists are not
 * used: a bundle holds images under the names that the kubelet gives them, where `nginx` is `docker.io/library/nginx`.
 * Source: containers-registries.conf(5).
 *
 * @throws {ExpectedError} INPUT_INVALID; the answers throw DENIED for a blocked registry.
 */
export function readRegistriesConf(text: string, file: string): ConfiguredEndpoints {
  const content = parseToml(text, file)
  if (content.registries !== undefined) {
    throw new ExpectedError('INPUT_INVALID', `${file}: has the form of version 1`, {
      hint: 'Write it in version 2, with [[registry]] tables: containers-registries.conf(5).',
    })
  }
  const rules = tablesAt(content.registry).map((table) => readRule(table, file))
  return async ({ domain, path }) => {
    const name = `${domain}/${path}`
    const [best] = rules.filter(({ prefix }) => matches(prefix, name)).sort((a, b) => b.prefix.length - a.prefix.length)
    if (!best) return undefined
    if (best.blocked) throw new ExpectedError('DENIED', `${name}: ${file} blocks ${best.prefix}`)
    const rest = best.prefix.startsWith('*.') ? name.slice(domain.length) : name.slice(best.prefix.length)
    const location = best.location || (best.prefix.startsWith('*.') ? domain : best.prefix)
    const mirrors = best.mirrors.map((mirror) => ({
      ...toEndpoint(`${mirror.location}${rest}`, mirror.insecure),
      ...(mirror.only && { only: mirror.only }),
    }))
    return [...mirrors, toEndpoint(`${location}${rest}`, best.insecure)]
  }
}

function toEndpoint(name: string, isInsecure: boolean): Endpoint {
  const endpoint = endpointAt(name, [])
  return isInsecure ? { ...endpoint, secureFirst: true, settings: INSECURE } : endpoint
}

/** https with any certificate, or else plain http. */
const INSECURE: HostSettings = { skipVerify: true }

function matches(prefix: string, name: string): boolean {
  if (prefix.startsWith('*.')) return name.split('/')[0]?.endsWith(prefix.slice(1)) === true
  return name === prefix || name.startsWith(`${prefix}/`)
}

function readRule(table: Record<string, unknown>, file: string): Rule {
  const location = textAt(table.location)
  const prefix = textAt(table.prefix) || location
  if (!prefix) {
    throw new ExpectedError('INPUT_INVALID', `${file}: a [[registry]] has neither prefix nor location`)
  }
  const mirrors = tablesAt(table.mirror)
  for (const place of [location, ...mirrors.map((mirror) => textAt(mirror.location))]) {
    if (place && !isHost(place.split('/')[0] ?? '')) {
      throw new ExpectedError('INPUT_INVALID', `${file}: ${JSON.stringify(place)} is no location of a registry`, {
        hint: 'Write HOST[:PORT][/PATH], without a scheme: containers-registries.conf(5).',
      })
    }
  }
  const digestsOnly = table['mirror-by-digest-only'] === true
  return {
    prefix,
    location,
    insecure: table.insecure === true,
    blocked: table.blocked === true,
    mirrors: mirrors.map((mirror) => ({
      location: textAt(mirror.location),
      insecure: mirror.insecure === true,
      only: digestsOnly ? 'digests' : ONLY[textAt(mirror['pull-from-mirror'])],
    })),
  }
}

const ONLY: Record<string, Endpoint['only']> = { 'digest-only': 'digests', 'tag-only': 'tags' }

/** @throws {ExpectedError} INPUT_INVALID */
export function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch (cause) {
    const [problem] = (cause as Error).message.split('\n')
    throw new ExpectedError('INPUT_INVALID', `${file}: ${problem}`, { cause })
  }
}

function tablesAt(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'object' && entry !== null) : []
}

function textAt(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\/+$/, '') : ''
}
