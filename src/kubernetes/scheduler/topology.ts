import type { Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'

/** The topology label that a hard spread constraint needs and the node lacks; undefined when it has them all. */
export function lackedTopologyKey(spec: PodSpec, node: Node): string | undefined {
  const labels = node.metadata?.labels ?? {}
  return objectsOf(spec.topologySpreadConstraints)
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule')
    .find(({ topologyKey }) => !Object.hasOwn(labels, topologyKey))?.topologyKey
}

/** The topology label that required pod affinity needs and the node lacks. Anti-affinity has no need of the label. */
export function unmetPodAffinity({ affinity }: PodSpec, node: Node): string | undefined {
  const labels = node.metadata?.labels ?? {}
  return objectsOf(affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution).find(
    ({ topologyKey }) => !Object.hasOwn(labels, topologyKey),
  )?.topologyKey
}

/** The label keys that spread constraints and pod affinity ask about. */
export function topologyKeys({ topologySpreadConstraints, affinity }: PodSpec): string[] {
  return [
    ...objectsOf(topologySpreadConstraints),
    ...objectsOf(affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
  ].map(({ topologyKey }) => topologyKey)
}
