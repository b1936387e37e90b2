import type { Pod } from 'kubernetes-types/core/v1.js'
import { podImages } from '../../../kubernetes/objects/pod-images.ts'
import { objectsOf } from '../../../kubernetes/objects/resource.ts'
import { nameOnNode } from '../images/image-lookup.ts'
import { type StartFailure, startFailure } from '../images/start-failure.ts'

/** By node, then by name in CRI form: what pods say now that cannot start from an image there. */
export type FailingImages = ReadonlyMap<string, ReadonlyMap<string, StartFailure>>

/**
 * The images that live pods prove absent, or of no use. That a container cannot pull Always proves no absence: it asks a
 * registry whether the image is there or not. Of several failures an absence counts, which says most.
 */
export function failingImages(pods: readonly Pod[]): FailingImages {
  const failing = new Map<string, Map<string, StartFailure>>()
  for (const { spec, status } of pods) {
    if (!spec?.nodeName) continue
    const lists = [status?.initContainerStatuses, status?.containerStatuses, status?.ephemeralContainerStatuses]
    for (const container of lists.flatMap(objectsOf)) {
      const failure = startFailure(container)
      if (!failure) continue
      const asked = podImages(spec).find(
        (image) => image.container === container.name && !(failure.isAbsence && image.policy === 'Always'),
      )
      const image = asked && nameOnNode(asked.reference)
      if (!image) continue
      const onNode = failing.get(spec.nodeName) ?? new Map<string, StartFailure>()
      if (!onNode.get(image)?.isAbsence) onNode.set(image, failure)
      failing.set(spec.nodeName, onNode)
    }
  }
  return failing
}
