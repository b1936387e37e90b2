import { Flags } from '@oclif/core'
import { ExpectedError } from '../errors.ts'
import { platformOfNode, readNodes } from '../kubernetes/node.ts'
import { formatPlatform, type Platform, parsePlatform } from '../oci/platform.ts'
import { durationFlag } from './duration-flag.ts'
import { readText } from './inputs.ts'
import { repeatable } from './repeatable.ts'

/** Flags of every command that speaks with registries. */
export const connectionFlags = {
  'plain-http': repeatable({
    description: 'speak plain http with this HOST[:PORT] (repeatable); loopback hosts need no flag',
    helpValue: 'HOST',
    env: 'NODESEED_PLAIN_HTTP',
  }),
  ca: Flags.file({ description: 'trust the authorities in this PEM file too' }),
  'client-cert': Flags.file({ description: 'certificate (PEM) to show to registries', dependsOn: ['client-key'] }),
  'client-key': Flags.file({ description: 'key (PEM) of that certificate', dependsOn: ['client-cert'] }),
  'cert-dir': Flags.directory({
    description:
      "certificates of single hosts, DIR/HOST[:PORT]/*.{crt,cert,key}; podman's and docker's certs.d are read anyway",
    helpValue: 'DIR',
  }),
  retries: Flags.integer({ description: 'how often to ask again after a failure that may pass', default: 5, min: 0 }),
  timeout: durationFlag({
    description: 'how long the whole run may take, such as 30m; the same command goes on where it ended',
    aliases: ['command-timeout'],
  }),
  'idle-timeout': durationFlag({
    description: 'how long to wait for an answer or data before a request is tried again',
    default: 30_000,
  }),
}

/** Flags of every command that reads images from registries. */
export const registryFlags = {
  ...connectionFlags,
  mirror: repeatable({
    description: 'ask FROM=TO first: quay.io=mirror.local:5000/quay (repeatable); then the registry itself',
    helpValue: 'FROM=TO',
    env: 'NODESEED_MIRROR',
  }),
  'registries-conf': Flags.file({
    description: 'take mirrors and rules for registries from this registries.conf (version 2)',
    env: 'CONTAINERS_REGISTRIES_CONF',
    exclusive: ['hosts-dir'],
  }),
  'hosts-dir': Flags.directory({
    description:
      "take mirrors, certificates and headers from this directory of containerd's hosts.toml files, such as /etc/containerd/certs.d",
  }),
  'use-pull-secrets': Flags.boolean({ description: 'take credentials from the pull secrets among the inputs' }),
  'max-connections': Flags.integer({ description: 'most connections to one registry', default: 16, min: 1 }),
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
