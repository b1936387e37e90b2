import { type Ownership, placesOf } from '../../discovery/collect/ownership.ts'
import type { ImageUse } from '../../discovery/uses/image-use.ts'
import { ofThePast } from '../../discovery/uses/left-out.ts'
import type { Finding } from '../../finding.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'

interface Managed {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  readonly workloads: readonly Workload[]
  readonly ownership: Ownership
}

/** What a live cluster holds twice is once here, and its past is only told. */
export function withoutManaged<T extends Managed>(scan: T): T {
  const { kept, folded, past } = scan.ownership.fold(scan.uses)
  if (folded.length + past.length === 0 && kept.length === scan.uses.length && scan.workloads.length === 0) return scan
  const isSaid = placesOf(kept)
  const isGone = placesOf([...folded, ...past])
  const findings = scan.findings.filter((told) => !isGone(told) || isSaid(told))
  const workloads = scan.workloads.filter(({ resource }) => !scan.ownership.isManaged(resource))
  return { ...scan, uses: kept, workloads, findings: [...findings, ...ofThePast(past, kept)] }
}
