import { lineOfResource, nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { WorkloadAudit } from '../audit.ts'

/** The name of each workload, with its place where another one has the same: as in inputs that overlap. */
export function workloadNames(workloads: readonly WorkloadAudit[]): (audited: WorkloadAudit) => string {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const { workload } of workloads) {
    const name = nameOfResource(workload.resource)
    if (seen.has(name)) shared.add(name)
    seen.add(name)
  }
  return ({ workload: { resource } }) => {
    const name = nameOfResource(resource)
    return shared.has(name) ? `${name} (${resource.document.file}:${lineOfResource(resource)})` : name
  }
}
