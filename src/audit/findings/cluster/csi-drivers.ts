import { type Finding, finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import { countOf, listNames } from '../../../plural.ts'
import type { Audit } from '../../audit.ts'
import type { Conditions } from '../../facts/conditions.ts'

/**
 * The CSI drivers that claims need where no CSINode is told, each once: the scheduler would place their pods, and nobody
 * knows whether the driver is there. Where CSINodes are told, verdicts go by them; of what runs, it is there.
 */
export function csiDriverFindings({ workloads }: Audit, { storage, completeKinds }: Conditions): Finding[] {
  if (completeKinds?.has('CSINode') || (storage?.csiNodes.size ?? 0) > 0) return []
  const needing = new Map<string, Set<string>>()
  for (const { podClass, workload } of workloads) {
    if (podClass.isRunning) continue
    for (const { volume } of podClass.pod.claims.flat()) {
      if (!volume?.isCsi) continue
      const names = needing.get(volume.driver) ?? new Set()
      needing.set(volume.driver, names.add(nameOfResource(workload.resource)))
    }
  }
  return Array.from(needing, ([driver, names]) => {
    const which = `${countOf(names.size, 'workload')} ${names.size === 1 ? 'needs' : 'need'} volumes of ${driver}`
    return finding('CSI_DRIVER_UNKNOWN', `${which} (${listNames([...names])}), and no CSINode is among the inputs`)
  })
}
