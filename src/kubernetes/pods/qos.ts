import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { objectsOf } from '../objects/resource.ts'
import { quantities } from './pod-resources.ts'

/** Whether a pod asks for neither processors nor memory. Source: kubernetes 1.37, pkg/apis/core/v1/helper/qos. */
export function isBestEffort(spec: PodSpec): boolean {
  const all = [spec, ...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]
  return !all.some((one) => {
    const asked = ['requests', 'limits'].map((key) => quantities(valueAt(one, ['resources', key])))
    return asked.some((amounts) => ['cpu', 'memory'].some((name) => (amounts.get(name) ?? 0) > 0))
  })
}
