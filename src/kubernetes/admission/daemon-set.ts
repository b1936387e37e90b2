import type { PodSpec, Toleration } from 'kubernetes-types/core/v1.js'

const TOLERATED: readonly [condition: string, effect: string][] = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
]

/**
 * The tolerations that the DaemonSet controller adds to each of its pods, so that a cordoned node gets them too. The
 * control-plane taint is not among them. Source: kubernetes 1.36, pkg/controller/daemon/util.
 */
export function daemonSetTolerations({ hostNetwork }: Pick<PodSpec, 'hostNetwork'>): Toleration[] {
  const tolerated = hostNetwork ? [...TOLERATED, ['network-unavailable', 'NoSchedule'] as const] : TOLERATED
  return tolerated.map(([condition, effect]) => ({
    key: `node.kubernetes.io/${condition}`,
    operator: 'Exists',
    effect,
  }))
}
