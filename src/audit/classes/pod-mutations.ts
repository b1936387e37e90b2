import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { injectorsOf, type Marks } from '../../kubernetes/admission/injection.ts'
import type { NewPod } from '../../kubernetes/admission/policies/pod-matching.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { podImages } from '../../kubernetes/objects/pod-images.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { addingOperator } from '../../kubernetes/places/template-operators.ts'
import { controllerLabels } from '../../kubernetes/pods/controller-labels.ts'
import type { Labels } from '../../kubernetes/pods/label-selector.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'
import type { MutationFacts } from '../facts/mutation-facts.ts'

/** Who may change the pods of a workload before they are stored, each once. A pod that a cluster stored has met them. */
export function mutationsOf(workload: Workload, facts: MutationFacts): string[] {
  const { resource, template, templatePath } = workload
  if (templatePath.length === 0 && typeof template.metadata?.uid === 'string') return []
  const { mutators = [], namespaceAnnotations } = facts
  const pod = newPodOf(workload, facts)
  const annotations = namespaceAnnotations?.get(pod.namespace)
  const own = { labels: pod.ownLabels, annotations: valueAt(resource.value, ['metadata', 'annotations']) as Labels }
  const asked = injectorsOf((template.metadata ?? {}) as Marks, { labels: pod.namespaceLabels, annotations }, own)
  const found = mutators.filter(({ isAbout }) => isAbout(pod)).map(({ name }) => name)
  const operator = addingOperator(resource, templatePath)
  return [...new Set([...(operator === undefined ? [] : [operator]), ...asked, ...found])]
}

/** The pod of a workload as admission is asked about it. */
export function newPodOf(workload: Workload, { namespaces }: Pick<MutationFacts, 'namespaces'>): NewPod {
  const { resource, template, podSpec } = workload
  const { labels, pending } = controllerLabels(workload)
  const namespace = resource.namespace || 'default'
  return {
    kind: resource.kind,
    apiVersion: resource.apiVersion,
    name: resource.name,
    ownLabels: (valueAt(resource.value, ['metadata', 'labels']) ?? {}) as Labels,
    labels: { ...(template.metadata as Marks | undefined)?.labels, ...labels },
    pending,
    hasClaims: makesClaims(podSpec, resource.value),
    namespace,
    namespaceLabels: namespaces?.get(namespace),
    get images() {
      return podImages(podSpec).map(({ reference }) => reference)
    },
  }
}

/** Whether a controller makes claims for the pods of a workload. */
function makesClaims({ volumes }: PodSpec, value: Workload['resource']['value']): boolean {
  const templates = valueAt(value, ['spec', 'volumeClaimTemplates'])
  return (Array.isArray(templates) && templates.length > 0) || objectsOf(volumes).some(({ ephemeral }) => ephemeral)
}

/** A doubt for each of them that nobody answers for: the images that it adds are not counted. */
export function mutationDoubts(workload: Workload, facts: MutationFacts): Doubt[] {
  return mutationsOf(workload, facts)
    .filter((name) => !facts.isMutationAllowed?.(name))
    .map((name) => ({ reason: 'Admission', message: `${name} may change the pod: what it adds is not judged` }))
}
