import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { objectsOf } from '../objects/resource.ts'

/** A feature that nodes declare in `status.declaredFeatures`, and the minor version of Kubernetes that first asks for it. */
export interface NodeFeature {
  readonly name: string
  readonly since: number
}

/**
 * The features that a pod needs its node to declare.
 * Source: k8s.io/component-helpers 1.37 and 1.38, nodedeclaredfeatures/features.
 */
export function neededFeatures(spec: PodSpec): NodeFeature[] {
  const started = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]
  const rules = entriesOf(started, 'restartPolicyRules')
  const mounts = entriesOf([...started, ...objectsOf(spec.ephemeralContainers as Container[])], 'volumeMounts')
  const sources = objectsOf(spec.volumes).flatMap(({ projected }) => objectsOf(projected?.sources))
  const isNeeded: readonly [name: string, since: number, needed: boolean][] = [
    ['RestartAllContainersOnContainerExits', 37, rules.some(({ action }) => action === 'RestartAllContainers')],
    ['UserNamespacesHostNetworkSupport', 37, spec.hostNetwork === true && valueAt(spec, ['hostUsers']) === false],
    ['VolumeBindMountOptions', 37, mounts.some(({ bindMountOptions }) => hasEntries(bindMountOptions))],
    [
      'PodCertificateMLDSA',
      38,
      sources.some((source) => /^MLDSA/.test(String(valueAt(source, ['podCertificate', 'keyType'])))),
    ],
  ]
  return isNeeded.flatMap(([name, since, needed]) => (needed ? [{ name, since }] : []))
}

function entriesOf(containers: readonly Container[], list: string): readonly Record<string, unknown>[] {
  return containers.flatMap((one) => objectsOf(valueAt(one, [list]) as Record<string, unknown>[] | undefined))
}

function hasEntries(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0
}
