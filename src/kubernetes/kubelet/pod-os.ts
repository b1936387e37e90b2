import type { Node } from 'kubernetes-types/core/v1.js'
import type { AdmittedPod } from '../admission/admitted-pod.ts'
import { platformOfNode } from '../objects/node.ts'

/**
 * Why the kubelet refuses a pod for its operating system, which no scheduler filter looks at; undefined where it does
 * not. Source: kubernetes 1.36, pkg/kubelet/lifecycle/predicate.go.
 */
export function osMismatch({ spec, labels }: AdmittedPod, node: Node): string | undefined {
  const osLabel = labels['kubernetes.io/os']
  const os = platformOfNode(node)?.os
  const wanted = spec.os?.name
  if (wanted && os && wanted !== os) return `spec.os is ${wanted}, the node runs ${os} (PodOSNotSupported)`
  const label = node.metadata?.labels?.['kubernetes.io/os'] ?? os
  if (!osLabel || !label || osLabel === label) return undefined
  return `the pod's label kubernetes.io/os is ${osLabel}, the node's is ${label} (PodOSSelectorNodeLabelDoesNotMatch)`
}
