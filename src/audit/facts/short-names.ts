import type { Node } from 'kubernetes-types/core/v1.js'
import { isImageId } from './images/image-lookup.ts'

/** Whether a reference names no registry, so that a runtime has to know which one is meant. */
export function isShortName(reference: string): boolean {
  return !/^(?:localhost|[^/]*[.:][^/]*)\//.test(reference) && !isImageId(reference)
}

/** Whether a node asks its registries.conf what a short name means; docker.io is no default there. */
export function resolvesShortNames({ status }: Node): boolean {
  return status?.nodeInfo?.containerRuntimeVersion?.startsWith('cri-o://') ?? false
}
