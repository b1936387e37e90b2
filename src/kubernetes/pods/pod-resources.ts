import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { parseMilli } from '../objects/quantity.ts'
import { isObject, objectsOf } from '../objects/resource.ts'

/** Resource name → thousandths of its unit. */
export type Resources = ReadonlyMap<string, number>

/**
 * What the scheduler reserves for a pod: what its containers request together, or what the pod requests itself, which
 * wins; plus overhead. Source: k8s.io/component-helpers 1.37, resource.PodRequests.
 */
export function podRequests(spec: PodSpec): Resources {
  const sum = new Map(containerRequests(spec))
  const { resources } = spec as { resources?: unknown }
  for (const [name, milli] of quantities(isObject(resources) ? resources.requests : undefined)) {
    if (isPodLevelResource(name)) sum.set(name, milli)
  }
  addResources(sum, quantities(spec.overhead))
  return sum
}

/** The requests of one container; a limit without a request is the request. */
export type RequestsOf = (container: Container) => Resources

/**
 * What the containers request together: containers and sidecars, or a step of the init containers where that needs more
 * (with the sidecars that are started by then).
 */
export function containerRequests(spec: PodSpec, requestsOf: RequestsOf = specRequests): Resources {
  const sum = new Map<string, number>()
  for (const container of objectsOf(spec.containers)) addResources(sum, requestsOf(container))
  const sidecars = new Map<string, number>()
  const peak = new Map<string, number>()
  for (const container of objectsOf(spec.initContainers)) {
    const requests = requestsOf(container)
    if ((container as Container & { restartPolicy?: string }).restartPolicy === 'Always') {
      addResources(sum, requests)
      addResources(sidecars, requests)
      raise(peak, sidecars)
    } else {
      const step = new Map(sidecars)
      addResources(step, requests)
      raise(peak, step)
    }
  }
  raise(sum, peak)
  return sum
}

/** What a pod can request as a whole; of all else only its containers' requests count. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')
}

/** A list of quantities, such as `node.status.allocatable`; what is no quantity is left out. */
export function quantities(list: unknown): Map<string, number> {
  if (!isObject(list)) return new Map()
  return new Map(
    Object.entries(list).flatMap(([name, quantity]): [string, number][] => {
      const milli = parseMilli(quantity)
      return milli === undefined ? [] : [[name, milli]]
    }),
  )
}

export function addResources(sum: Map<string, number>, more: Resources): void {
  for (const [name, milli] of more) sum.set(name, (sum.get(name) ?? 0) + milli)
}

/** Raises each amount to what the other has of it. */
export function raise(sum: Map<string, number>, floor: Resources): void {
  for (const [name, milli] of floor) sum.set(name, Math.max(sum.get(name) ?? 0, milli))
}

export function specRequests({ resources }: Container): Resources {
  if (!isObject(resources)) return new Map()
  return new Map([...quantities(resources.limits), ...quantities(resources.requests)])
}
