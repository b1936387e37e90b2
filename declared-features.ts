import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { objectsOf } from '../objects/resource.ts'

/**
 * The features that a pod needs its node to declare (`node.status.declaredFeatures`).
 * Source: k8s.io/component-helpers 1.38, nodedeclaredfeatures/features.
 */
export function neededFeatures(spec: PodSpec): string[] {
  const needed: string[] = []
  const started = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]
  const listsOf = (containers: readonly Container[], list: string) =>
    containers.flatMap((container) => objectsOf(valueAt(container, [list]) as Record<string, unknown>[] | undefined))
  if (listsOf(started, 'restartPolicyRules').some(({ action }) => action === 'RestartAllContainers')) {
    needed.push('RestartAllContainersOnContainerExits')
  }
  if (spec.hostNetwork === true && valueAt(spec, ['hostUsers']) === false)
    needed.push('UserNamespacesHostNetworkSupport')
  const mounts = listsOf([...started, ...(objectsOf(spec.ephemeralContainers) as Container[])], 'volumeMounts')
  if (mounts.some(({ bindMountOptions }) => Array.isArray(bindMountOptions) && bindMountOptions.length > 0)) {
    needed.push('VolumeBindMountOptions')
  }
  const sources = objectsOf(spec.volumes).flatMap(({ projected }) => objectsOf(projected?.sources))
  if (sources.some((source) => String(valueAt(source, ['podCertificate', 'keyType'])).startsWith('MLDSA'))) {
    needed.push('PodCertificateMLDSA')
  }
  return needed
}
