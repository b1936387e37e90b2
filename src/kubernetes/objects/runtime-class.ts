import type { PodSpec, Toleration } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { isObject, objectsOf, type Resource } from './resource.ts'

/** What a RuntimeClass adds to the pods that name it. */
export interface RuntimeClass {
  readonly name: string
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly tolerations: readonly Toleration[]
  readonly overhead: Readonly<Record<string, string>> | undefined
}

/** The RuntimeClass that a resource is, or undefined. */
export function runtimeClassOf({ apiVersion, kind, name, value }: Resource): RuntimeClass | undefined {
  if (kind !== 'RuntimeClass' || !apiVersion.startsWith('node.k8s.io/')) return undefined
  const selector = valueAt(value, ['scheduling', 'nodeSelector'])
  const overhead = valueAt(value, ['overhead', 'podFixed'])
  return {
    name,
    nodeSelector: isObject(selector) ? (selector as Record<string, string>) : {},
    tolerations: objectsOf(valueAt(value, ['scheduling', 'tolerations']) as Toleration[] | undefined),
    overhead: isObject(overhead) ? (overhead as Record<string, string>) : undefined,
  }
}

/**
 * A pod as admission leaves it: the class's nodeSelector and tolerations merged in, its overhead set. A key that both
 * select with different values makes the API server reject the pod: then `conflict` says so, and nothing is merged.
 * Source: kubernetes 1.36, plugin/pkg/admission/runtimeclass.
 */
export function withRuntimeClass(spec: PodSpec, runtimeClass: RuntimeClass): { spec: PodSpec; conflict?: string } {
  const own = spec.nodeSelector ?? {}
  const clash = Object.entries(runtimeClass.nodeSelector).find(
    ([key, value]) => Object.hasOwn(own, key) && own[key] !== value,
  )
  if (clash) {
    const [key, value] = clash
    return { spec, conflict: `RuntimeClass ${runtimeClass.name} selects ${key}=${value}, the pod ${key}=${own[key]}` }
  }
  return {
    spec: {
      ...spec,
      nodeSelector: { ...own, ...runtimeClass.nodeSelector },
      tolerations: [...objectsOf(spec.tolerations), ...runtimeClass.tolerations],
      ...(runtimeClass.overhead && { overhead: runtimeClass.overhead }),
    },
  }
}
