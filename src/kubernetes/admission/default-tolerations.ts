import type { PodSpec, Toleration } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'

const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/**
 * The tolerations that admission adds to a pod, for five minutes each: none for a key that the pod tolerates already,
 * whatever the value. Source: kubernetes 1.37, plugin/pkg/admission/defaulttolerationseconds, which is on by default.
 */
export function defaultTolerations({ tolerations }: Pick<PodSpec, 'tolerations'>): Toleration[] {
  const own = objectsOf(tolerations).filter(({ effect }) => !effect || effect === 'NoExecute')
  const missing = KEYS.filter((key) => !own.some((toleration) => !toleration.key || toleration.key === key))
  return missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }))
}
