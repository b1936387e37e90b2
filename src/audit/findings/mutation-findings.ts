import { type Finding, finding } from '../../finding.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { countOf, listNames } from '../../plural.ts'
import type { Audit } from '../audit.ts'
import { mutationsOf } from '../classes/pod-mutations.ts'
import type { MutationFacts } from '../facts/mutation-facts.ts'

/** Who may change the pods of which workloads, one finding each; also where somebody allowed it. */
export function mutationFindings({ workloads }: Audit, facts: MutationFacts): Finding[] {
  const changed = new Map<string, string[]>()
  for (const { workload } of workloads) {
    for (const name of mutationsOf(workload, facts)) {
      const known = changed.get(name) ?? []
      known.push(nameOfResource(workload.resource))
      changed.set(name, known)
    }
  }
  return Array.from(changed, ([name, names]) => {
    const message = `${name} may change the pods of ${countOf(names.length, 'workload')}: ${listNames(names)}`
    return finding('POD_MUTATED', message, { subject: name })
  })
}
