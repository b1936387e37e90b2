import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { parseDuration } from '../../duration.ts'
import { ExpectedError, readError, SettingError } from '../../errors.ts'
import type { Reference } from '../../oci/reference.ts'
import type { HostSettings } from '../http/host-settings.ts'
import { parseProxy } from '../http/proxy.ts'
import { readAuthority, readCertificates, readClient } from './certificate-files.ts'
import { type ConfiguredEndpoints, type Endpoint, endpointAt } from './endpoint.ts'
import { parseToml } from './registries-conf.ts'

/** A host that a hosts.toml names; without an address it is the registry itself. */
interface Host {
  readonly address: URL | undefined
  readonly overridePath: boolean
  readonly only: Endpoint['only']
  /** Settings for https at an http address: containerd tries https first. */
  readonly secureFirst: boolean
  readonly settings: HostSettings
}

/**
 * What a directory of containerd's hosts.toml files says (`certs.d`): hosts in file order, the server last. Where there is
 * no hosts.toml, docker's certificate files beside it count. Source: containerd, docs/hosts.md and
 * core/remotes/docker/config/hosts.go.
 *
 * The answers throw INPUT_INVALID, INPUT_UNREADABLE and TLS_INVALID, where containerd would log and go on without.
 */
export function readHostsDirectory(directory: string): ConfiguredEndpoints {
  const known = new Map<string, Promise<readonly Host[] | undefined>>()
  return async (repository) => {
    const { domain } = repository
    const reading = known.get(domain) ?? readHosts(directory, domain)
    known.set(domain, reading)
    const hosts = await reading.catch((error) => {
      throw error instanceof ExpectedError ? settingError(error) : error
    })
    return hosts?.map((host) => toEndpoint(host, repository))
  }
}

async function readHosts(root: string, domain: string): Promise<readonly Host[] | undefined> {
  for (const name of directoryNames(domain)) {
    const directory = join(root, name)
    const isThere = await stat(directory).catch(() => undefined)
    if (!isThere) continue
    const file = join(directory, 'hosts.toml')
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw readError(file, error)
    })
    if (text.trim()) return hostsIn(parseToml(text, file), { file, directory })
    const settings = await readCertificates(directory)
    return [{ address: undefined, overridePath: false, only: undefined, secureFirst: false, settings }]
  }
  return undefined
}

/** Colons cannot be in a directory's name everywhere, so containerd also takes `_5000_` for `:5000`. */
function directoryNames(domain: string): string[] {
  const [host, port] = domain.split(':')
  return [...(port ? [`${host}_${port}_`] : []), domain, '_default']
}

interface Place {
  readonly file: string
  readonly directory: string
}

async function hostsIn(file: Record<string, unknown>, place: Place): Promise<readonly Host[]> {
  const entries = Object.entries(isTable(file.host) ? file.host : {})
  const hosts = await Promise.all(entries.map(([text, table]) => readHost(text, isTable(table) ? table : {}, place)))
  const server = typeof file.server === 'string' ? file.server : undefined
  const last = await readHost(server, file, place)
  // The registry itself can do everything; a server that is named, only what is said.
  return [...hosts, server ? last : last && { ...last, only: undefined }].filter((host) => host !== undefined)
}

/** Undefined for a host that nothing is read from. */
async function readHost(
  text: string | undefined,
  table: Record<string, unknown>,
  place: Place,
): Promise<Host | undefined> {
  const can = capabilitiesOf(table.capabilities, place)
  if (text !== undefined && !can.has('pull') && !can.has('resolve')) return undefined
  const settings = await settingsOf(table, place)
  const { ca, clients, skipVerify } = settings
  const only = !can.has('resolve') ? 'digests' : !can.has('pull') ? 'tags' : undefined
  return {
    address: text === undefined ? undefined : addressOf(text, place),
    overridePath: table.override_path === true,
    only,
    secureFirst:
      /^http:(?!.*:80(?:\/|$))/.test(text ?? '') &&
      (ca !== undefined || clients !== undefined || skipVerify !== undefined),
    settings,
  }
}

function capabilitiesOf(value: unknown, { file }: Place): ReadonlySet<string> {
  const words = Array.isArray(value) && value.length > 0 ? value.map((word) => String(word).toLowerCase()) : ALL
  const unknown = words.find((word) => !ALL.includes(word) && word !== 'referrers')
  if (unknown) throw invalid(file, `capability ${JSON.stringify(unknown)} is none`)
  return new Set(words)
}

const ALL = ['pull', 'resolve', 'push']

function addressOf(text: string, { file }: Place): URL {
  const address = /^http/.test(text) ? text : `https://${text}`
  if (!URL.canParse(address)) throw invalid(file, `not an address: ${JSON.stringify(text)}`)
  const url = new URL(address)
  // Docker Hub's API answers under another name than its images have.
  if (url.host === 'docker.io') url.host = 'registry-1.docker.io'
  return url
}

async function settingsOf(table: Record<string, unknown>, { file, directory }: Place): Promise<HostSettings> {
  const at = (path: string) => (isAbsolute(path) ? path : join(directory, path))
  const { ca, client, skip_verify: skipVerify, dial_timeout: dialTimeout, header, proxy } = table
  const authorities = textsAt(ca, file, 'ca').map((path) => readAuthority(at(path)))
  const pairs = (typeof client === 'string' ? [client] : Array.isArray(client) ? client : []).map((entry) => {
    const [certificate, key, ...rest] = textsAt(entry, file, 'client')
    if (!certificate || rest.length > 0) throw invalid(file, 'client holds something that is no pair')
    return readClient(at(certificate), key ? at(key) : undefined)
  })
  const connectTimeout = typeof dialTimeout === 'string' ? parseDuration(dialTimeout) : undefined
  if (dialTimeout !== undefined && connectTimeout === undefined) throw invalid(file, 'dial_timeout is no duration')
  const headers = Object.entries(isTable(header) ? header : {}).map(([name, value]) => {
    const values = textsAt(value, file, `header ${name}`)
    return [name.toLowerCase(), values.length === 1 ? values[0]! : values] as const
  })
  return {
    ...(authorities.length > 0 && { ca: await Promise.all(authorities) }),
    ...(pairs.length > 0 && { clients: await Promise.all(pairs) }),
    ...(typeof skipVerify === 'boolean' && { skipVerify }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
    ...(connectTimeout !== undefined && { connectTimeout }),
    ...(typeof proxy === 'string' && { proxy: parseProxy(proxy, `${file}, proxy`).href }),
  }
}

/** A text, or a list of texts. @throws {ExpectedError} INPUT_INVALID */
function textsAt(value: unknown, file: string, name: string): string[] {
  const values = value === undefined ? [] : Array.isArray(value) ? value : [value]
  if (values.every((text) => typeof text === 'string')) return values
  throw invalid(file, `${name} is neither a text nor a list of texts`)
}

function toEndpoint(
  { address, overridePath, only, secureFirst, settings }: Host,
  { domain, path }: Pick<Reference, 'domain' | 'path'>,
): Endpoint {
  const original = endpointAt(`${domain}/${path}`, [])
  const common = { repository: path, ...(only && { only }), settings }
  if (!address) return { ...original, ...common }
  const prefix = address.pathname.replace(/\/+$/, '')
  return {
    ...common,
    base: new URL(address.origin),
    path: overridePath || prefix.endsWith('/v2') ? prefix : `${prefix}/v2`,
    ...(address.host !== original.base.host && { namespace: domain }),
    ...(secureFirst && { secureFirst }),
  }
}

function settingError({ code, message, hint, cause }: ExpectedError): SettingError {
  return new SettingError(code, message, { hint, cause })
}

function invalid(file: string, problem: string): ExpectedError {
  return new ExpectedError('INPUT_INVALID', `${file}: ${problem}`)
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
