import type { Path } from './position.ts'
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

/** In the order in which the kubelet and kubectl visit them: pkg/apis/core/pods/helpers.go. */
const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const

/**
 * The images of a pod spec: containers of every sort, then image volumes. Entries without an image (patches, templates)
 * are left out. `volumes[].rbd.image` is a Ceph name and no image.
 */
export function podImages(podSpec: unknown): PodImage[] {
  if (!isObject(podSpec)) return []
  const containers = CONTAINER_LISTS.flatMap((list) =>
    entriesOf(podSpec[list]).flatMap(([container, index]) =>
      image(container.image, container.imagePullPolicy, container.name, [list, index, 'image']),
    ),
  )
  const volumes = entriesOf(podSpec.volumes).flatMap(([volume, index]) =>
    isObject(volume.image)
      ? image(volume.image.reference, volume.image.pullPolicy, volume.name, ['volumes', index, 'image', 'reference'])
      : [],
  )
  return [...containers, ...volumes]
}

function image(reference: unknown, policyField: unknown, name: unknown, path: Path): PodImage[] {
  if (typeof reference !== 'string' || reference === '') return []
  const field = typeof policyField === 'string' ? policyField : undefined
  return [
    {
      container: typeof name === 'string' ? name : '',
      reference,
      policy: effectivePullPolicy(field, reference),
      policyFrom: field ? 'field' : 'default',
      path,
    },
  ]
}

function entriesOf(list: unknown): [Record<string, unknown>, number][] {
  if (!Array.isArray(list)) return []
  return list.flatMap((entry, index): [Record<string, unknown>, number][] => (isObject(entry) ? [[entry, index]] : []))
}
