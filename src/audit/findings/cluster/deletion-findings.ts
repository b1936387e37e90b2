import { type Finding, finding } from '../../../finding.ts'
import { deletersOf } from '../../../kubernetes/admission/policies/deleting-policies.ts'
import { nameOfResource, type Resource } from '../../../kubernetes/objects/resource.ts'
import { countOf, listNames } from '../../../plural.ts'
import type { Audit } from '../../audit.ts'
import { newPodOf } from '../../classes/pod-mutations.ts'
import type { Conditions } from '../../facts/conditions.ts'

/** What deletes which workloads or their pods when its time comes, one finding each. */
export function deletionFindings({ workloads }: Audit, resources: readonly Resource[], facts: Conditions): Finding[] {
  return deletersOf(resources).flatMap(({ name, isAbout }) => {
    const found = workloads.filter(({ workload }) => isAbout(newPodOf(workload, facts)))
    if (found.length === 0) return []
    const names = listNames(found.map(({ workload }) => nameOfResource(workload.resource)))
    const message = `${name} may delete ${countOf(found.length, 'workload')}, or the pods: ${names}`
    return [finding('POD_MAY_BE_DELETED', message, { subject: name })]
  })
}
