import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { claimKey } from '../../kubernetes/storage/storage-facts.ts'
import type { AuditedPod } from '../classes/audited-pod.ts'
import type { NodeClass } from '../classes/node-classes.ts'
import { nodeOfRunning, ownerKey, workloadKey } from '../facts/live/live-pods.ts'
import type { NodeVerdict } from './verdict.ts'

/** By claim: the workloads whose pods use it. */
export type ClaimHolders = ReadonlyMap<string, ReadonlySet<string>>

/** Of all that is audited, and that lives. */
export function claimHolders(workloads: readonly Workload[], pods: readonly Pod[]): ClaimHolders {
  const holders = new Map<string, Set<string>>()
  const add = (namespace: string | undefined, spec: PodSpec | undefined, holder: string) => {
    for (const { persistentVolumeClaim } of objectsOf(spec?.volumes)) {
      const name = persistentVolumeClaim?.claimName
      if (!name) continue
      const key = claimKey(namespace, name)
      holders.set(key, (holders.get(key) ?? new Set()).add(holder))
    }
  }
  for (const { resource, podSpec } of workloads) add(resource.namespace, podSpec, workloadKey(resource))
  for (const pod of pods) if (nodeOfRunning(pod)) add(pod.metadata?.namespace, pod.spec, ownerKey(pod))
  return holders
}

/**
 * The verdicts of a workload with a volume that attaches to one node at a time: where its pods, or others that use it, may
 * be on several nodes, nobody can tell which of them start.
 */
export function withAttaching(
  { pod }: AuditedPod,
  { resource, replicas, most = replicas }: Workload,
  verdicts: readonly NodeVerdict[],
  classes: readonly NodeClass[],
  holders: ClaimHolders,
): readonly NodeVerdict[] {
  const shared = pod.claims.flat().filter(({ attachesOnce, isOwn }) => attachesOnce && !isOwn)
  if (shared.length === 0) return verdicts
  const places = classes.reduce((sum, { nodes }, index) => sum + (verdicts[index]?.mayLand ? nodes.length : 0), 0)
  if (places < 2) return verdicts
  const isMany = resource.kind === 'DaemonSet' || (most ?? 1) > 1
  const own = workloadKey(resource)
  const claim = shared.find((one) => isMany || [...(holders.get(one.claim) ?? [])].some((holder) => holder !== own))
  if (!claim) return verdicts
  const users = isMany ? 'more than one of its pods uses it' : 'others use it too'
  const message = `the volume of claim ${claim.claim} attaches to one node at a time, and ${users}`
  return verdicts.map((one) =>
    one.starts === true && one.mayLand ? { starts: null, reason: 'VolumeRestrictions', message, mayLand: true } : one,
  )
}
