import { configProblem } from '../../kubernetes/kubelet/containers/container-config.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'
import type { MutationFacts } from '../facts/mutation-facts.ts'
import type { RefusalFacts } from '../facts/refusals/refusal-facts.ts'
import { newPodOf } from './pod-mutations.ts'

type Facts = RefusalFacts & MutationFacts

/** Why the API server makes no such pod, or no kubelet starts it, by what else is known of the cluster; undefined where nothing is certain. */
export function podRejection(workload: Workload, { endingNamespaces }: Facts): string | undefined {
  const namespace = workload.resource.namespace || 'default'
  if (isStored(workload)) return undefined
  if (endingNamespaces?.has(namespace)) return `namespace ${namespace} is being deleted`
  return configProblem(workload.podSpec)
}

/** The policies that may refuse the pods of a workload, each once; what they ask for is not evaluated. */
export function refusersAbout(workload: Workload, facts: Facts): string[] {
  const { refusers = [] } = facts
  if (refusers.length === 0 || isStored(workload)) return []
  const pod = newPodOf(workload, facts)
  return [...new Set(refusers.filter(({ isAbout }) => isAbout(pod)).map(({ name }) => name))]
}

/** A doubt for each of them that nobody answers for. */
export function refusalDoubts(workload: Workload, facts: Facts): Doubt[] {
  return refusersAbout(workload, facts)
    .filter((name) => !facts.isRefusalAllowed?.(name))
    .map((name) => ({ reason: 'Admission', message: `${name} may refuse the pod: what it asks for is not evaluated` }))
}

/** A pod that a cluster stored has met all of them. */
function isStored({ template, templatePath }: Workload): boolean {
  return templatePath.length === 0 && typeof template.metadata?.uid === 'string'
}
