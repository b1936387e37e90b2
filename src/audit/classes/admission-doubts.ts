import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { podImageGaps, podImages } from '../../kubernetes/objects/pod-images.ts'
import { PULL_POLICIES } from '../../kubernetes/objects/pull-policy.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'

/** The operators of every Kubernetes; Lt and Gt need a feature gate that is off by default. */
const TOLERATION_OPERATORS: ReadonlySet<string> = new Set(['', 'Equal', 'Exists'])

/** What the API server rejects a pod for, or takes only where it is told to: words that the verdict is about. */
export function admissionDoubts(spec: PodSpec): Doubt[] {
  return [...imageDoubts(spec), ...policyDoubts(spec), ...tolerationDoubts(spec)]
}

/** A pod that lacks an image is rejected; or what is audited is a patch, and the image stands elsewhere. */
function imageDoubts(spec: PodSpec): Doubt[] {
  const gaps = podImageGaps(spec).map(({ container }) => `${container || 'a container'} names no image`)
  const problems = spec.containers?.length ? gaps : ['it has no containers', ...gaps]
  return problems.map((problem) => doubt(`${problem}: the API server takes that only as a change to what is there`))
}

function policyDoubts(spec: PodSpec): Doubt[] {
  const wrong = podImages(spec).filter(({ policy }) => !PULL_POLICIES.some((known) => known === policy))
  return wrong.map(({ container, policy }) =>
    doubt(`${container}: imagePullPolicy ${JSON.stringify(policy)} is none, the API server rejects it`),
  )
}

/** With that gate on, such a pod lands on nodes that it is kept away from here. Source: kubernetes 1.37, core validation. */
function tolerationDoubts(spec: PodSpec): Doubt[] {
  const operators = objectsOf(spec.tolerations).map(({ operator }) => operator ?? '')
  return operators
    .filter((operator) => !TOLERATION_OPERATORS.has(operator))
    .map((operator) => doubt(`the API server rejects the toleration operator ${operator}, unless a feature gate is on`))
}

function doubt(message: string): Doubt {
  return { reason: 'Admission', message }
}
