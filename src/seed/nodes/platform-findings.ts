import type { LockedImage } from '../../bundle/format/lock.ts'
import { type Finding, finding } from '../../finding.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { listNames } from '../../plural.ts'
import { runsOn } from './node-load.ts'
import type { SeedableNode } from './seedable-node.ts'

/** Nodes that get nothing because no image has anything for their platform, one finding a platform. */
export function platformFindings(images: readonly LockedImage[], nodes: readonly SeedableNode[]): Finding[] {
  const bare = nodes.filter((node) => !images.some((image) => runsOn(image, node)))
  const byPlatform = Map.groupBy(bare, ({ platform }) => formatPlatform(platform))
  return [...byPlatform].map(([platform, group]) => {
    const names = listNames(group.map(({ name }) => name))
    const message = `the bundle holds no image for ${platform}: ${names} ${group.length === 1 ? 'gets' : 'get'} nothing`
    return finding('NO_IMAGE_FOR_PLATFORM', message, {
      // Where other nodes can run everything, one kind that cannot may be meant.
      severity: bare.length === nodes.length ? 'error' : 'warning',
      hint: `Bundle again with --platform ${platform}, or with --nodes and this list of nodes.`,
    })
  })
}
