import { CONTAINER_LISTS } from '../../kubernetes/objects/pod-images.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'

/**
 * Whether a map of a custom resource has the shape of a pod spec: an array of containers (of any sort) whose entries
 * are maps with a name.
 */
export function hasPodShape(value: Readonly<Record<string, unknown>>): boolean {
  return CONTAINER_LISTS.some((list) => {
    const entries = value[list]
    return (
      Array.isArray(entries) && entries.length > 0 && entries.every((entry) => isObject(entry) && isName(entry.name))
    )
  })
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
