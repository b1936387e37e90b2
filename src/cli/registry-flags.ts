import { Flags } from '@oclif/core'
import { ExpectedError } from '../errors.ts'
import { platformOfNode, readNodes } from '../kubernetes/node.ts'
import { formatPlatform, type Platform, parsePlatform } from '../oci/platform.ts'
import { readText } from './inputs.ts'
import { repeatable } from './repeatable.ts'

/** Flags of every command that reads images from registries. */
export const registryFlags = {
  mirror: repeatable({
    description: 'ask FROM=TO first: quay.io=mirror.local:5000/quay (repeatable); then the registry itself',
    helpValue: 'FROM=TO',
    env: 'NODESEED_MIRROR',
  }),
  'plain-http': repeatable({
    description: 'speak plain http with this HOST[:PORT] (repeatable); loopback hosts need no flag',
    helpValue: 'HOST',
    env: 'NODESEED_PLAIN_HTTP',
  }),
  'max-connections': Flags.integer({ description: 'most connections to one registry', default: 32, min: 1 }),
  retries: Flags.integer({ description: 'how often to ask again after a failure that may pass', default: 5, min: 0 }),
  timeout: Flags.integer({ description: 'seconds without an answer or data before a try ends', default: 30, min: 1 }),
}

/** Flags that say for which platforms images are wanted. */
export const platformFlags = {
  platform: repeatable({
    description: 'platform to take, such as linux/arm64 (repeatable); default: those of --nodes, else linux/amd64',
    helpValue: 'PLATFORM',
  }),
  nodes: Flags.string({ description: 'take the platforms of these nodes: output of kubectl get nodes -o json' }),
}

/** What is taken where neither flags nor nodes nor a lock say which platforms are meant. */
export const DEFAULT_PLATFORMS: readonly Platform[] = [{ os: 'linux', architecture: 'amd64' }]
export const DEFAULT_PLATFORMS_NOTE = 'platform: linux/amd64 (choose others with --platform or --nodes)'

interface RegistryFlags {
  readonly mirror: string[]
  readonly 'plain-http': string[]
  readonly 'max-connections': number
  readonly retries: number
  readonly timeout: number
}

/** Milliseconds before the second try. */
const RETRY_DELAY = 250

/** What the flags mean to a registry client. @throws {ExpectedError} USAGE for a mirror without `=`. */
export function toRegistryOptions(flags: RegistryFlags) {
  const mirrors = flags.mirror.map((text) => {
    const [from, to, ...rest] = text.split('=')
    if (from && to && rest.length === 0) return { from: trimmed(from), to: trimmed(to) }
    throw new ExpectedError('USAGE', `Not a mirror: ${JSON.stringify(text)}`, {
      hint: 'Write it as FROM=TO, such as quay.io=mirror.local:5000/quay.',
    })
  })
  const milliseconds = flags.timeout * 1000
  return {
    mirrors,
    plainHttp: flags['plain-http'],
    maxConnections: flags['max-connections'],
    retry: { attempts: flags.retries + 1, delay: RETRY_DELAY },
    patience: { headTimeout: milliseconds, bodyTimeout: milliseconds },
  }
}

/** The platforms that flags name, each once; undefined when they name none. */
export async function platformsFrom(flags: {
  platform: string[]
  nodes?: string | undefined
}): Promise<Platform[] | undefined> {
  const named = flags.platform.map(parsePlatform)
  if (named.length > 0 || !flags.nodes) return named.length > 0 ? distinct(named) : undefined
  const nodes = readNodes(await readText(flags.nodes), flags.nodes)
  const platforms = distinct(nodes.map(platformOfNode).filter((platform) => platform !== undefined))
  if (platforms.length > 0) return platforms
  throw new ExpectedError('INPUT_INVALID', `${flags.nodes}: no node says which platform it has`, {
    hint: 'Name the platforms with --platform.',
  })
}

function distinct(platforms: readonly Platform[]): Platform[] {
  const byName = new Map(platforms.map((platform) => [formatPlatform(platform), platform]))
  return [...byName.keys()].sort().map((name) => byName.get(name)!)
}

/** `https://mirror.local/` is meant as `mirror.local`. */
function trimmed(text: string): string {
  return text.replace(/^https?:\/\//, '').replace(/\/+$/, '')
}
