import { type Finding, finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import { countOf, listNames } from '../../../plural.ts'
import type { Audit } from '../../audit.ts'
import { refusersAbout } from '../../classes/pod-refusals.ts'
import type { Conditions } from '../../facts/conditions.ts'

/** What may refuse the pods of which workloads, one finding each; also where somebody allowed it. */
export function refusalFindings({ workloads }: Audit, facts: Conditions): Finding[] {
  const refused = new Map<string, string[]>()
  for (const { workload } of workloads) {
    for (const name of refusersAbout(workload, facts))
      refused.set(name, [...(refused.get(name) ?? []), nameOfResource(workload.resource)])
  }
  return Array.from(refused, ([name, names]) => {
    const message = `${name} may refuse the pods of ${countOf(names.length, 'workload')}: ${listNames(names)}`
    return finding('POD_MAY_BE_REFUSED', message, { subject: name })
  })
}
