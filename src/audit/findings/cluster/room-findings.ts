import { type Finding, finding } from '../../../finding.ts'
import { lineOfResource, nameOfResource } from '../../../kubernetes/objects/resource.ts'
import type { Audit, WorkloadAudit } from '../../audit.ts'

/** Where pods find no room, one finding a workload; of what is safe otherwise, some pods wait for good. */
export function roomFindings(lacking: ReadonlyMap<WorkloadAudit, string>): Finding[] {
  return Array.from(lacking, ([{ workload }, why]) => {
    const { resource } = workload
    const place = { file: resource.document.file, line: lineOfResource(resource) }
    return finding('NO_ROOM', `${nameOfResource(resource)}: ${why}: the others stay pending`, place)
  })
}

/** The same audit, with what was safe but for its room at risk. */
export function withRoom(audit: Audit, lacking: ReadonlyMap<WorkloadAudit, string>): Audit {
  if (lacking.size === 0) return audit
  const judge = (one: WorkloadAudit): WorkloadAudit =>
    one.verdict === 'safe' && lacking.has(one) ? { ...one, verdict: 'atRisk' } : one
  return { ...audit, workloads: audit.workloads.map(judge) }
}
