import { type Finding, finding } from '../../../finding.ts'
import { lineOfResource, nameOfResource } from '../../../kubernetes/objects/resource.ts'
import type { Audit, WorkloadAudit } from '../../audit.ts'
import type { Lack } from './lacking-room.ts'

/** Where pods find no room, one finding a workload; of what is safe otherwise, some pods wait for good. */
export function roomFindings(lacking: ReadonlyMap<WorkloadAudit, Lack>): Finding[] {
  return Array.from(lacking, ([{ workload }, { why }]) => {
    const { resource } = workload
    const place = { file: resource.document.file, line: lineOfResource(resource) }
    return finding('NO_ROOM', `${nameOfResource(resource)}: ${why}: the others stay pending`, place)
  })
}

/** The same audit, with what was safe but for its room at risk, or unknown. */
export function withRoom(audit: Audit, lacking: ReadonlyMap<WorkloadAudit, Lack>): Audit {
  if (lacking.size === 0) return audit
  const judge = (one: WorkloadAudit): WorkloadAudit => {
    const lack = one.verdict === 'safe' ? lacking.get(one) : undefined
    return lack ? { ...one, verdict: lack.isCertain ? 'atRisk' : 'unknown' } : one
  }
  return { ...audit, workloads: audit.workloads.map(judge) }
}
