import { Flags, type Interfaces } from '@oclif/core'
import { ExpectedError } from '../../errors.ts'
import { platformOfNode } from '../../kubernetes/objects/node.ts'
import { formatPlatform, type Platform, parsePlatform } from '../../oci/platform.ts'
import { readNodesFile } from '../files/nodes-file.ts'
import { checkPlatform } from '../texts/known-platform.ts'
import { repeatable } from './repeatable.ts'

/** Flags that say for which platforms images are wanted. */
export const platformFlags = {
  platform: repeatable({
    description: 'platform to take, such as linux/arm64 (repeatable); default: those of --nodes, else linux/amd64',
    helpValue: 'PLATFORM',
    parse: async (text) => {
      checkPlatform(text)
      return text
    },
  }),
  nodes: Flags.string({
    description: 'take the platforms of these nodes: what `kubectl get nodes -o json` wrote',
    helpValue: 'FILE',
  }),
}

/** What is taken where neither flags nor nodes nor a lock say which platforms are meant. */
export const DEFAULT_PLATFORMS: readonly Platform[] = [{ os: 'linux', architecture: 'amd64' }]
export const DEFAULT_PLATFORMS_NOTE = 'platform: linux/amd64 (choose others with --platform or --nodes)'

/**
 * The platforms that flags name, each once; undefined when they name none.
 *
 * @throws {ExpectedError} PLATFORM_INVALID, INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID
 */
export async function platformsFrom(
  flags: Interfaces.InferredFlags<typeof platformFlags>,
): Promise<Platform[] | undefined> {
  const named = flags.platform.map(parsePlatform)
  if (named.length > 0 || !flags.nodes) return named.length > 0 ? distinct(named) : undefined
  const nodes = await readNodesFile(flags.nodes)
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
