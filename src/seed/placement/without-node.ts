import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { platformOfNode } from '../../kubernetes/objects/node.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { runsOn } from '../nodes/node-load.ts'
import { placesOf } from './placement.ts'
import { imagesByName, workloadImages } from './workload-images.ts'

/** Workloads that may run on nodes, but on none whose platform all of their images are made for: why, one text each. */
export function workloadsWithoutNode(
  images: readonly LockedImage[],
  workloads: readonly Workload[],
  nodes: readonly Node[],
): string[] {
  const byName = imagesByName(images)
  const places = nodes.flatMap((node) => {
    const platform = platformOfNode(node)
    return platform ? [{ node, platform }] : []
  })
  return workloads.flatMap((workload) => {
    const { found } = workloadImages(workload, byName)
    const open = places.filter(placesOf(workload, []))
    if (open.length === 0 || open.some((place) => found.every((image) => runsOn(image, place)))) return []
    const platforms = [...new Map(open.map((place) => [formatPlatform(place.platform), place])).entries()]
    const because = platforms.map(([name, place]) => {
      const lacking = found.filter((image) => !runsOn(image, place)).map(({ reference }) => reference)
      return `for ${name} is not made ${lacking.join(', ')}`
    })
    return [`${nameOfResource(workload.resource)} could run on no node: ${because.join('; ')}`]
  })
}
