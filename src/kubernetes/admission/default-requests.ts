import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { isObject, objectsOf } from '../objects/resource.ts'
import { containerRequests, isPodLevelResource } from '../pods/pod-resources.ts'

/** Fields that the types of an older API lack. */
type PodLevel = PodSpec & { resources?: { requests?: Record<string, string>; limits?: Record<string, string> } }

/**
 * A pod with the requests that the API server fills in. A container's limit is its request where it has none. Of a pod
 * with limits of its own, the request for a resource is what its containers request together, else its limit.
 * Source: kubernetes 1.37, pkg/apis/core/v1/defaults.go, SetDefaults_Pod.
 */
export function withDefaultRequests(spec: PodSpec): PodSpec {
  const filled: PodLevel = {
    ...spec,
    containers: objectsOf(spec.containers).map(withRequests),
    ...(spec.initContainers && { initContainers: objectsOf(spec.initContainers).map(withRequests) }),
  }
  const { requests, limits } = (isObject(filled.resources) ? filled.resources : {}) as NonNullable<
    PodLevel['resources']
  >
  if (!isObject(limits) || Object.keys(limits).length === 0) return filled
  const summed = containerRequests(filled)
  const added = Object.entries(limits).filter(
    // Huge pages cannot be overcommitted: there the limit counts, whatever the containers say.
    ([name]) => isPodLevelResource(name) && (name.startsWith('hugepages-') || !summed.has(name)),
  )
  return { ...filled, resources: { limits, requests: { ...Object.fromEntries(added), ...requests } } } as PodSpec
}

function withRequests(container: Container): Container {
  const { requests, limits } = container.resources ?? {}
  if (!isObject(limits)) return container
  return { ...container, resources: { ...container.resources, requests: { ...limits, ...requests } } }
}
