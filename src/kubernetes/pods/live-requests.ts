import type { Container, Pod } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { isObject, objectsOf } from '../objects/resource.ts'
import {
  addResources,
  containerRequests,
  isPodLevelResource,
  quantities,
  type Resources,
  raise,
  specRequests,
} from './pod-resources.ts'

/**
 * What the scheduler takes a running pod to have of its node. While it is resized, that is the largest of what it asks
 * for, what the kubelet has allocated and what is in force; an ask that the kubelet calls infeasible does not count.
 * Source: k8s.io/component-helpers 1.37, resource.PodRequests with UseStatusResources.
 */
export function liveRequests({ spec, status }: Pod): Resources {
  if (!spec) return new Map()
  const isInfeasible = objectsOf(status?.conditions).some(
    ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
  )
  const statuses = new Map(
    [...objectsOf(status?.containerStatuses), ...objectsOf(status?.initContainerStatuses)].map((one) => [
      one.name,
      one,
    ]),
  )
  const asked = (container: Container) => (isInfeasible ? new Map<string, number>() : specRequests(container))
  const listOf = ({ name }: Container, path: string[]) => {
    const list = valueAt(statuses.get(name), path)
    return isObject(list) ? quantities(list) : undefined
  }
  const allocatedTo = (container: Container) => listOf(container, ['allocatedResources'])
  const inForce = (container: Container) => listOf(container, ['resources', 'requests'])
  const sum = new Map(containerRequests(spec, asked))
  raise(
    sum,
    containerRequests(spec, (one) => allocatedTo(one) ?? asked(one)),
  )
  raise(
    sum,
    containerRequests(spec, (one) => inForce(one) ?? allocatedTo(one) ?? asked(one)),
  )

  const podLevel = isInfeasible ? new Map<string, number>() : quantities(valueAt(spec, ['resources', 'requests']))
  raise(podLevel, quantities(valueAt(status, ['resources', 'requests'])))
  raise(podLevel, quantities(valueAt(status, ['allocatedResources'])))
  const hasOwn = isObject(valueAt(spec, ['resources', 'requests']))
  for (const [name, milli] of podLevel) if (hasOwn && isPodLevelResource(name)) sum.set(name, milli)
  addResources(sum, quantities(spec.overhead))
  return sum
}
