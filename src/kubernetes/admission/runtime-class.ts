import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'
import type { RuntimeClass } from '../objects/runtime-class.ts'
import { quantities } from '../pods/pod-resources.ts'

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

/**
 * Why the API server rejects a pod's own overhead: only its class may set it.
 * Source: kubernetes 1.37, plugin/pkg/admission/runtimeclass, Validate.
 */
export function classRejection(spec: PodSpec, runtimeClass: RuntimeClass | undefined): string | undefined {
  const own = quantities(spec.overhead)
  if (own.size === 0) return undefined
  if (!spec.runtimeClassName) return 'it sets overhead without a RuntimeClass'
  if (!runtimeClass) return undefined
  const fixed = quantities(runtimeClass.overhead)
  const isEqual = own.size === fixed.size && [...own].every(([name, milli]) => fixed.get(name) === milli)
  return isEqual ? undefined : `its overhead is not that of RuntimeClass ${runtimeClass.name}`
}
