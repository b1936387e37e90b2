import { CONTAINER_LISTS, podImageGaps, podImages } from '../../kubernetes/objects/pod-images.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { AUTO, hasPlaceholder } from '../classify/placeholders.ts'
import { judge } from '../uses/image-candidate.ts'
import { add, IMAGE, type Place, type Walk } from './walk-state.ts'

/** Notes the images of a pod spec, and claims its containers, so that nothing else is made of them. */
export function addPodImages(walk: Walk, spec: Record<string, unknown>, place: Place): void {
  claim(walk, spec)
  for (const gap of podImageGaps(spec)) {
    // In a custom resource a container without an image is a patch of what its operator makes.
    if (spec === walk.podSpec || gap.found !== undefined) walk.gaps.push({ ...gap, path: [...walk.path, ...gap.path] })
  }
  const isText = walk.depth > 0 || walk.isLoose
  for (const { reference, policy, policyFrom, path, container } of podImages(spec)) {
    if (hasPlaceholder(reference) || reference === AUTO) {
      const pod = { container, policy: { effective: policy, from: policyFrom } }
      walk.open.push({ text: reference, path: [...walk.path, ...path], textLine: undefined, place, pod })
      continue
    }
    if (isText && !judge(IMAGE, reference)) continue
    add(walk, place, {
      reference,
      path: [...walk.path, ...path],
      layer: isText ? place.layer : 'podSpec',
      confidence: isText ? 'likely' : 'certain',
      container,
      policy: { effective: policy, from: policyFrom },
      why: 'pod spec',
    })
  }
}

function claim({ claimed }: Walk, spec: Record<string, unknown>): void {
  for (const list of CONTAINER_LISTS) for (const container of listOf(spec[list])) claimed.add(container)
  for (const volume of listOf(spec.volumes)) if (isObject(volume) && isObject(volume.image)) claimed.add(volume.image)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
