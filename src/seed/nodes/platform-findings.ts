import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Finding } from '../../finding.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { listNames } from '../../plural.ts'
import { runsOn } from './node-load.ts'
import type { SeedableNode } from './seedable-node.ts'

/** Nodes that get nothing because no image has anything for their platform, one finding a platform. */
export function platformFindings(images: readonly LockedImage[], nodes: readonly SeedableNode[]): Finding[] {
  const bare = nodes.filter((node) => !images.some((image) => runsOn(image, node)))
  const byPlatform = Map.groupBy(bare, ({ platform }) => formatPlatform(platform))
  return [...byPlatform].map(([platform, group]) => ({
    code: 'NO_IMAGE_FOR_PLATFORM',
    // Where other nodes can run everything, one kind that cannot may be meant.
    severity: bare.length === nodes.length ? 'error' : 'warning',
    message: `the bundle holds no image for ${platform}: ${listNames(group.map(({ name }) => name))} ${group.length === 1 ? 'gets' : 'get'} nothing`,
    hint: `Bundle again with --platform ${platform}, or with --nodes and this list of nodes.`,
    file: undefined,
    line: undefined,
  }))
}
