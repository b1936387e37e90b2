import type { Path } from '../documents/path.ts'
import { effectivePullPolicy } from './pull-policy.ts'
import { isObject } from './resource.ts'

/** One image that a pod spec names. `path` leads from the pod spec to the reference. */
export interface PodImage {
  readonly container: string
  readonly reference: string
  readonly policy: string
  readonly policyFrom: 'field' | 'default'
  readonly path: Path
}

/** A container whose image is not there, or is no text. `path` leads to where it should stand. */
export interface PodImageGap {
  readonly container: string
  /** What stands there instead of a reference; undefined where nothing does. */
  readonly found: unknown
  readonly path: Path
}

/** In the order in which the kubelet and kubectl visit them: pkg/apis/core/pods/helpers.go. */
export const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const

/** A place of a pod spec where a reference belongs. */
interface Slot {
  readonly name: unknown
  readonly reference: unknown
  readonly policy: unknown
  readonly path: Path
}

/**
 * The images of a pod spec: containers of every sort, then image volumes. Entries without an image (patches, templates)
 * are left out; {@link podImageGaps} has them. `volumes[].rbd.image` is a Ceph name and no image.
 */
export function podImages(podSpec: unknown): PodImage[] {
  return slotsOf(podSpec).flatMap(({ name, reference, policy, path }): PodImage[] => {
    if (typeof reference !== 'string' || reference === '') return []
    const field = typeof policy === 'string' && policy !== '' ? policy : undefined
    return [
      {
        container: textOf(name),
        reference,
        policy: effectivePullPolicy(field, reference),
        policyFrom: field === undefined ? 'default' : 'field',
        path,
      },
    ]
  })
}

/** The containers and image volumes of a pod spec that name no image, or something that is no text (`image: 1.27`). */
export function podImageGaps(podSpec: unknown): PodImageGap[] {
  return slotsOf(podSpec, (reference) => typeof reference !== 'string' || reference === '').map(
    ({ name, reference, path }) => ({ container: textOf(name), found: reference, path }),
  )
}

/** Every pod spec passes here, so that nothing is made but the slots. */
function slotsOf(podSpec: unknown, isWanted: (reference: unknown) => boolean = () => true): Slot[] {
  const slots: Slot[] = []
  if (!isObject(podSpec)) return slots
  for (const list of CONTAINER_LISTS) {
    forEachObject(podSpec[list], ({ name, image, imagePullPolicy }, index) => {
      if (isWanted(image)) slots.push({ name, reference: image, policy: imagePullPolicy, path: [list, index, 'image'] })
    })
  }
  forEachObject(podSpec.volumes, ({ name, image }, index) => {
    if (!isObject(image) || !isWanted(image.reference)) return
    const path = ['volumes', index, 'image', 'reference']
    slots.push({ name, reference: image.reference, policy: image.pullPolicy, path })
  })
  return slots
}

function forEachObject(list: unknown, take: (entry: Record<string, unknown>, index: number) => void): void {
  if (!Array.isArray(list)) return
  for (const [index, entry] of list.entries()) if (isObject(entry)) take(entry, index)
}

function textOf(name: unknown): string {
  return typeof name === 'string' ? name : ''
}
