import { injectorsOf, type Marks } from '../../kubernetes/admission/injection.ts'
import type { NewPod } from '../../kubernetes/admission/mutators.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { Labels } from '../../kubernetes/pods/label-selector.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'
import type { MutationFacts } from '../facts/mutation-facts.ts'

/** Who may change the pods of a workload before they are stored, each once. A pod that a cluster stored has met them. */
export function mutationsOf({ resource, template, templatePath }: Workload, facts: MutationFacts): string[] {
  if (templatePath.length === 0 && typeof template.metadata?.uid === 'string') return []
  const { mutators = [], namespaces, namespaceAnnotations } = facts
  const namespace = resource.namespace || 'default'
  const namespaceLabels = namespaces?.get(namespace)
  const marks: Marks = (template.metadata ?? {}) as Marks
  const asked = injectorsOf(marks, { labels: namespaceLabels, annotations: namespaceAnnotations?.get(namespace) })
  if (mutators.length === 0) return asked
  const pod: NewPod = {
    kind: resource.kind,
    apiVersion: resource.apiVersion,
    ownLabels: (valueAt(resource.value, ['metadata', 'labels']) ?? {}) as Labels,
    labels: marks.labels ?? {},
    namespace,
    namespaceLabels,
  }
  const found = mutators.filter(({ isAbout }) => isAbout(pod)).map(({ name }) => name)
  return [...new Set([...asked, ...found])]
}

/** A doubt for each of them that nobody answers for: the images that it adds are not counted. */
export function mutationDoubts(workload: Workload, facts: MutationFacts): Doubt[] {
  return mutationsOf(workload, facts)
    .filter((name) => !facts.isMutationAllowed?.(name))
    .map((name) => ({ reason: 'Admission', message: `${name} may change the pod: what it adds is not judged` }))
}
