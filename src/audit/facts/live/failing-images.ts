import type { Pod } from 'kubernetes-types/core/v1.js'
import { podImages } from '../../../kubernetes/objects/pod-images.ts'
import { objectsOf } from '../../../kubernetes/objects/resource.ts'
import { nameOnNode } from '../images/image-lookup.ts'

/** The kubelet's words for an image that is not on its node. */
const ABSENT: ReadonlySet<string> = new Set([
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImagePullBackOff',
  'RegistryUnavailable',
])

/** By node, then by name in CRI form: what pods say now that cannot get an image there. */
export type FailingImages = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * The images that live pods prove absent. A container that pulls Always proves nothing: it asks a registry whether the
 * image is there or not.
 */
export function failingImages(pods: readonly Pod[]): FailingImages {
  const failing = new Map<string, Map<string, string>>()
  for (const { spec, status } of pods) {
    if (!spec?.nodeName) continue
    const lists = [status?.initContainerStatuses, status?.containerStatuses, status?.ephemeralContainerStatuses]
    for (const { name, state } of lists.flatMap(objectsOf)) {
      const reason = state?.waiting?.reason
      if (!reason || !ABSENT.has(reason)) continue
      const asked = podImages(spec).find(({ container, policy }) => container === name && policy !== 'Always')
      const image = asked && nameOnNode(asked.reference)
      if (!image) continue
      const onNode = failing.get(spec.nodeName) ?? new Map<string, string>()
      failing.set(spec.nodeName, onNode.set(image, reason))
    }
  }
  return failing
}
