import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Interfaces } from '@oclif/core'
import { formatDuration } from '../../duration.ts'
import { ExpectedError } from '../../errors.ts'
import { askCredentialHelper } from '../../registry/auth/credential-helper.ts'
import { credentialsFrom } from '../../registry/auth/credentials.ts'
import type { RegistryOptions } from '../../registry/client/endpoint-fallback.ts'
import { findCertificates, readAuthority, readClient } from '../../registry/config/certificate-files.ts'
import { isHost } from '../../registry/config/endpoint.ts'
import { readHostsDirectory } from '../../registry/config/hosts-toml.ts'
import { readRegistriesConf } from '../../registry/config/registries-conf.ts'
import { proxiesFrom } from '../../registry/http/proxy.ts'
import { readText } from '../texts/read-text.ts'
import { readAuthFiles } from './auth-files.ts'
import { readPullSecrets } from './pull-secrets.ts'
import type { connectionFlags, registryFlags } from './registry-flags.ts'

/** Who only writes to registries knows none of those that say where else to read. */
type RegistryFlags = Interfaces.InferredFlags<typeof connectionFlags> &
  Partial<Interfaces.InferredFlags<typeof registryFlags>>

/** The longest time that a timer takes, in milliseconds: 24 days. */
const NEVER = 2 ** 31 - 1
/** Milliseconds before the second try. */
const RETRY_DELAY = 250

/**
 * What flags, the environment and this user's credential files mean to a registry client.
 *
 * @throws {ExpectedError} USAGE for a mirror without `=` or without a host, and for a host that is none; INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID
 */
export async function readRegistryOptions(flags: RegistryFlags, inputs: readonly string[]): Promise<RegistryOptions> {
  const secrets = flags['use-pull-secrets'] ? await readPullSecrets(inputs) : []
  const { ca, 'client-cert': certificate, 'client-key': key, timeout, 'idle-timeout': idle } = flags
  const signal = timeout ? endOfRun(timeout) : undefined
  const configured = await readConfigured(flags)
  return {
    mirrors: (flags.mirror ?? []).map(parseMirror),
    plainHttp: (flags['plain-http'] ?? []).map(parseHost),
    ...(configured && { configured }),
    ...(ca && { ca: [await readAuthority(ca)] }),
    ...(certificate && key && { clients: [await readClient(certificate, key)] }),
    findSettings: findCertificates(certificateDirectories(flags['cert-dir'])),
    proxies: proxiesFrom(process.env),
    findCredentials: credentialsFrom([...secrets, ...(await readAuthFiles())], (helper, server) =>
      askCredentialHelper(helper, server, { signal }),
    ),
    maxConnections: flags['max-connections'],
    retry: { attempts: flags.retries + 1, delay: RETRY_DELAY },
    timeouts: { headTimeout: idle || NEVER, bodyTimeout: idle || NEVER },
    ...(signal && { signal }),
  }
}

async function readConfigured({ 'registries-conf': conf, 'hosts-dir': directory }: RegistryFlags) {
  if (directory) return readHostsDirectory(directory)
  return conf ? readRegistriesConf(await readText(conf), conf) : undefined
}

function parseMirror(text: string): { from: string; to: string } {
  const [from, to, ...rest] = text.split('=')
  if (from && to && rest.length === 0 && isHost(trimmed(to).split('/')[0] ?? '')) {
    return { from: trimmed(from), to: trimmed(to) }
  }
  throw new ExpectedError('USAGE', `not a mirror: ${JSON.stringify(text)}`, {
    hint: 'Write it as FROM=TO, such as quay.io=mirror.local:5000/quay.',
  })
}

function parseHost(text: string): string {
  const host = text.replace(/^http:\/\//, '').replace(/\/+$/, '')
  if (isHost(host) && !host.includes('*')) return host
  throw new ExpectedError('USAGE', `--plain-http: not a host: ${JSON.stringify(text)}`, {
    hint: 'Write HOST or HOST:PORT, such as mirror.local:5000.',
  })
}

/** `https://mirror.local/` is meant as `mirror.local`. */
function trimmed(text: string): string {
  return text.replace(/^https?:\/\//, '').replace(/\/+$/, '')
}

/** Where docker, podman and skopeo look for the certificates of a host, the first that counts first. */
function certificateDirectories(own: string | undefined): string[] {
  const config = process.env.XDG_CONFIG_HOME || join(homedir(), '.config')
  const usual = [join(config, 'containers', 'certs.d'), '/etc/containers/certs.d', '/etc/docker/certs.d']
  return own ? [own, ...usual] : usual
}

/** Aborted when the run, from the start of the program, has taken so many milliseconds. */
function endOfRun(timeout: number): AbortSignal {
  const end = new AbortController()
  const error = new ExpectedError('TIMED_OUT', `not done after ${formatDuration(timeout)}, as --timeout says`, {
    hint: 'Run the same command again: it goes on with what has arrived. Or give it more time.',
  })
  const left = Math.max(0, timeout - process.uptime() * 1000)
  if (left < NEVER) setTimeout(() => end.abort(error), left).unref()
  return end.signal
}
