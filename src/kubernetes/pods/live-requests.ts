import type { Container, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import { type Path, valueAt } from '../documents/path.ts'
import { isObject, objectsOf } from '../objects/resource.ts'
import {
  addResources,
  containerRequests,
  isPodLevelResource,
  podRequests,
  quantities,
  type Resources,
  raise,
  specRequests,
} from './pod-resources.ts'

/** The condition of a pod that waits for another size. */
const RESIZING = 'PodResizePending'

interface Pending {
  readonly type?: string
}

/**
 * What the scheduler takes a running pod to have of its node. While it is resized, that is the largest of what it asks
 * for, what the kubelet has allocated and what is in force; an ask that the kubelet calls infeasible does not count.
 * Source: k8s.io/component-helpers 1.37, resource.PodRequests with UseStatusResources.
 */
export function liveRequests({ spec, status }: Pod): Resources {
  if (!spec) return new Map()
  if (!tellsResources(status)) return podRequests(spec)
  const isInfeasible = objectsOf(status?.conditions).some(
    ({ type, reason }) => type === RESIZING && reason === 'Infeasible',
  )
  const statuses = new Map(
    [...objectsOf(status?.containerStatuses), ...objectsOf(status?.initContainerStatuses)].map((one) => [
      one.name,
      one,
    ]),
  )
  const asked = (container: Container) => (isInfeasible ? new Map<string, number>() : specRequests(container))
  const allocatedTo = ({ name }: Container) => quantitiesAt(statuses.get(name), ['allocatedResources'])
  const inForce = ({ name }: Container) => quantitiesAt(statuses.get(name), ['resources', 'requests'])
  // A kubelet that tells of the pod as a whole has summed its containers up.
  const whole = [quantitiesAt(status, ['allocatedResources']), quantitiesAt(status, ['resources', 'requests'])]
  const [allocated, actual] = whole.every(Boolean)
    ? whole
    : [
        containerRequests(spec, (one) => allocatedTo(one) ?? asked(one)),
        containerRequests(spec, (one) => inForce(one) ?? allocatedTo(one) ?? asked(one)),
      ]
  const sum = new Map(containerRequests(spec, asked))
  raise(sum, allocated ?? new Map())
  raise(sum, actual ?? new Map())
  for (const [name, milli] of podLevelRequests(spec, status, isInfeasible)) sum.set(name, milli)
  addResources(sum, quantities(spec.overhead))
  return sum
}

/** Whether a status says anything of resources; most say nothing. */
function tellsResources(status: Pod['status']): boolean {
  const { resources, allocatedResources, conditions, containerStatuses, initContainerStatuses } = (status ??
    {}) as Record<string, unknown>
  if (resources || allocatedResources || objectsOf(conditions as Pending[]).some(({ type }) => type === RESIZING)) {
    return true
  }
  const lists = [containerStatuses, initContainerStatuses] as readonly (readonly Record<string, unknown>[])[]
  return lists.some((list) => objectsOf(list).some((one) => Boolean(one.resources || one.allocatedResources)))
}

/** What the pod as a whole requests, which wins over its containers. */
function podLevelRequests(spec: PodSpec, status: Pod['status'], isInfeasible: boolean): Resources {
  const asked = new Map(
    Array.from(quantities(valueAt(spec, ['resources', 'requests']))).filter(([name]) => isPodLevelResource(name)),
  )
  if (asked.size === 0 || !isObject(valueAt(status, ['resources']))) return asked
  const largest = isInfeasible ? new Map<string, number>() : asked
  raise(largest, quantitiesAt(status, ['resources', 'requests']) ?? new Map())
  raise(largest, quantitiesAt(status, ['allocatedResources']) ?? new Map())
  return new Map([...largest].filter(([name]) => isPodLevelResource(name)))
}

/** A list of quantities; undefined where there is none. */
function quantitiesAt(value: unknown, path: Path): Resources | undefined {
  const list = valueAt(value, path)
  return isObject(list) ? quantities(list) : undefined
}
