import type { Pod } from 'kubernetes-types/core/v1.js'
import { type Finding, finding } from '../../../finding.ts'
import { objectsOf } from '../../../kubernetes/objects/resource.ts'
import type { Audit, WorkloadAudit } from '../../audit.ts'
import { ownerKey, workloadKey } from '../../facts/live/live-pods.ts'

/** Why containers wait that no kubelet can make, whatever images are there. */
const NOT_MADE = /^(?:CreateContainerConfigError|PreCreateHookError|PreStartHookError)$/

/** How many characters of what Kubernetes says are repeated. */
const SAID = 200

/** What live pods of a workload wait for now other than images: by `workloadKey`, the first. */
export function liveTroubles(pods: readonly Pod[]): ReadonlyMap<string, string> {
  const troubles = new Map<string, string>()
  for (const pod of pods) {
    const key = ownerKey(pod)
    const trouble = troubles.has(key) ? undefined : troubleOf(pod)
    if (trouble !== undefined) troubles.set(key, `${pod.metadata?.name ?? ''}: ${trouble.slice(0, SAID)}`)
  }
  return troubles
}

function troubleOf({ metadata, status }: Pod): string | undefined {
  if (metadata?.deletionTimestamp || status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined
  const unplaced = objectsOf(status?.conditions).find(
    ({ type, status: is, reason }) => type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable',
  )
  if (unplaced) return `Unschedulable: ${unplaced.message ?? ''}`
  const all = [...objectsOf(status?.initContainerStatuses), ...objectsOf(status?.containerStatuses)]
  const waiting = all.flatMap(({ state }) => state?.waiting ?? []).find(({ reason }) => NOT_MADE.test(reason ?? ''))
  return waiting && `${waiting.reason}: ${waiting.message ?? ''}`
}

/** The same audit, with what was safe unknown where its pods wait now. */
export function withLiveTrouble(audit: Audit, troubles: ReadonlyMap<string, string>): Audit {
  if (troubles.size === 0) return audit
  const judge = (one: WorkloadAudit): WorkloadAudit =>
    one.verdict === 'safe' && troubles.has(workloadKey(one.workload.resource)) ? { ...one, verdict: 'unknown' } : one
  return { ...audit, workloads: audit.workloads.map(judge) }
}

export function liveTroubleFindings({ workloads }: Audit, troubles: ReadonlyMap<string, string>): Finding[] {
  return workloads.flatMap(({ workload: { resource } }) => {
    const trouble = troubles.get(workloadKey(resource))
    return trouble === undefined ? [] : [finding('LIVE_TROUBLE', `${workloadKey(resource)}: pod ${trouble}`)]
  })
}
