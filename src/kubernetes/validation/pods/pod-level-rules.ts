import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { Path } from '../../documents/path.ts'
import { isObject, objectsOf } from '../../objects/resource.ts'
import { containerRequests, isPodLevelResource, quantities } from '../../pods/pod-resources.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * What the API server refuses in the resources of a pod as a whole: others than cpu, memory and huge pages; fewer than
 * its containers request together, or than one of them may have. Source: kubernetes 1.34, validatePodResources.
 */
export function* podLevelProblems({ resources, ...spec }: Fields): Generator<[at: Path, message: string]> {
  if (!isObject(resources)) return
  for (const part of ['limits', 'requests']) {
    const list = resources[part]
    for (const name of Object.keys(isObject(list) ? list : {})) {
      if (!isPodLevelResource(name)) yield [['resources', part, name], 'is no resource of a pod as a whole']
    }
  }
  const summed = containerRequests(spec as object as PodSpec)
  for (const [name, milli] of quantities(resources.requests)) {
    if (milli < (summed.get(name) ?? 0)) {
      yield [['resources', 'requests', name], 'is less than its containers request together']
    }
  }
  const containers = [...objectsOf(spec.containers as Fields[]), ...objectsOf(spec.initContainers as Fields[])]
  for (const [name, milli] of quantities(resources.limits)) {
    const above = containers.find(
      ({ resources: own }) => isObject(own) && (quantities(own.limits).get(name) ?? 0) > milli,
    )
    if (above) yield [['resources', 'limits', name], `is less than the limit of container ${above.name}`]
  }
}
