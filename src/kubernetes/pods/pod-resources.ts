import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { parseMilli } from '../objects/quantity.ts'
import { isObject, objectsOf } from '../objects/resource.ts'

/** Resource name → thousandths of its unit. */
export type Resources = ReadonlyMap<string, number>

/**
 * What the scheduler reserves for a pod: the containers and sidecars together, or a step of the init containers where
 * that needs more (with the sidecars that are started by then); plus overhead. Requests of the pod itself win. A limit
 * without a request is the request. Source: k8s.io/component-helpers 1.36, resource.PodRequests.
 */
export function podRequests(spec: PodSpec): Resources {
  const sum = new Map<string, number>()
  for (const container of objectsOf(spec.containers)) addResources(sum, requestsOf(container.resources))
  const sidecars = new Map<string, number>()
  const peak = new Map<string, number>()
  for (const container of objectsOf(spec.initContainers)) {
    const requests = requestsOf(container.resources)
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
  for (const [name, milli] of requestsOf((spec as { resources?: unknown }).resources)) sum.set(name, milli)
  addResources(sum, quantities(spec.overhead))
  return sum
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

function raise(sum: Map<string, number>, floor: Resources): void {
  for (const [name, milli] of floor) sum.set(name, Math.max(sum.get(name) ?? 0, milli))
}

function requestsOf(resources: unknown): Resources {
  if (!isObject(resources)) return new Map()
  return new Map([...quantities(resources.limits), ...quantities(resources.requests)])
}
