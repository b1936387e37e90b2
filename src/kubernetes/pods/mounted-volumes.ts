import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { CONTAINER_LISTS } from '../objects/pod-images.ts'
import { objectsOf } from '../objects/resource.ts'

/** The names of the volumes that some container of a pod mounts; the others hold nothing back. */
export function mountedVolumes(spec: PodSpec): ReadonlySet<string> {
  if (objectsOf(spec.volumes).length === 0) return new Set()
  const containers = CONTAINER_LISTS.flatMap((list) => objectsOf(spec[list] as Container[] | undefined))
  return new Set(containers.flatMap(({ volumeMounts }) => objectsOf(volumeMounts).map(({ name }) => name)))
}
