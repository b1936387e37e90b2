import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Finding } from '../../finding.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import type { Audit, WorkloadAudit } from '../audit.ts'
import { startFailure } from '../facts/images/start-failure.ts'
import { ownerKey, workloadKey } from '../facts/live/live-pods.ts'
import { GroupedFindings } from './grouped-findings.ts'

/** What fails in the cluster right now because of images, each beside what the audit says of that node. */
export function liveFailures({ workloads, nodeClasses }: Audit, pods: readonly Pod[]): Finding[] {
  const audits = new Map(workloads.map((one) => [workloadKey(one.workload.resource), one]))
  const classOf = new Map(nodeClasses.flatMap(({ nodes }, index) => nodes.map((name) => [name, index] as const)))
  const findings = new GroupedFindings()
  for (const pod of pods) {
    const node = pod.spec?.nodeName
    if (!node) continue
    const owner = ownerKey(pod)
    for (const { reason, image } of failuresOf(pod)) {
      const explained = explain(audits.get(owner), classOf.get(node))
      findings.add(node, 'LIVE_FAILURE', `${owner}: ${reason} of ${image} now; ${explained}`)
    }
  }
  return [...findings]
}

function failuresOf({ status }: Pod): { reason: string; image: string }[] {
  const containers = [status?.initContainerStatuses, status?.containerStatuses, status?.ephemeralContainerStatuses]
  return containers.flatMap(objectsOf).flatMap((container) => {
    const failure = startFailure(container)
    return failure ? [{ reason: failure.reason, image: container.image }] : []
  })
}

function explain(audited: WorkloadAudit | undefined, index: number | undefined): string {
  const verdict = index === undefined ? undefined : audited?.nodes[index]
  if (!verdict) return 'the audit does not know the workload or the node'
  if (verdict.starts) return 'the audit finds no reason: look at kubectl describe pod'
  return `the audit says ${verdict.reason}: ${verdict.message}`
}
