import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Reference } from '../oci/reference.ts'
import { type ConfiguredEndpoints, type Endpoint, endpointAt } from './endpoint.ts'
import { parseToml } from './registries-conf.ts'

/**
 * What a directory of containerd's hosts.toml files says (`certs.d`). Hosts in file order, the server last; `ca`,
 * `client` and `header` of a file are not read. Source: containerd, docs/hosts.md.
 */
export function readHostsDirectory(directory: string): ConfiguredEndpoints {
  return async (repository) => {
    for (const name of directoryNames(repository.domain)) {
      const file = join(directory, name, 'hosts.toml')
      const text = await readFile(file, 'utf8').catch(() => undefined)
      if (text !== undefined) return endpointsIn(parseToml(text, file), repository)
    }
    return undefined
  }
}

/** Colons cannot be in a directory's name everywhere, so containerd also takes `_5000_` for `:5000`. */
function directoryNames(domain: string): string[] {
  const [host, port] = domain.split(':')
  return [...(port ? [`${host}_${port}_`] : []), domain, '_default']
}

function endpointsIn(file: Record<string, unknown>, { domain, path }: Pick<Reference, 'domain' | 'path'>): Endpoint[] {
  const hosts = Object.entries(isTable(file.host) ? file.host : {}).flatMap(([url, table]) => {
    const endpoint = toEndpoint(url, isTable(table) ? table : {}, { domain, path })
    return endpoint ? [endpoint] : []
  })
  const server = typeof file.server === 'string' ? toEndpoint(file.server, file, { domain, path }) : undefined
  return [...hosts, server ?? endpointAt(`${domain}/${path}`, [])]
}

function toEndpoint(
  text: string,
  { capabilities, override_path: overridePath }: Record<string, unknown>,
  { domain, path }: Pick<Reference, 'domain' | 'path'>,
): Endpoint | undefined {
  const can = Array.isArray(capabilities) ? capabilities : ['pull', 'resolve']
  if (!can.includes('pull')) return undefined
  const withScheme = /^https?:\/\//.test(text) ? text : endpointAt(text, []).base.href
  if (!URL.canParse(withScheme)) return undefined
  const base = new URL(withScheme)
  const prefix = base.pathname.replace(/\/+$/, '')
  const isWhole = overridePath === true || prefix.endsWith('/v2')
  const original = endpointAt(`${domain}/${path}`, [])
  return {
    base: new URL(base.origin),
    path: isWhole ? prefix : `${prefix}/v2`,
    repository: path,
    ...(base.host !== original.base.host && { namespace: domain }),
    ...(!can.includes('resolve') && { only: 'digests' as const }),
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
