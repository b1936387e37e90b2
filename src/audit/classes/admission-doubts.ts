import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'

/** Tolerations that a feature gate allows, which is off by default. Source: kubernetes 1.37, core validation. */
const GATED_OPERATORS: ReadonlySet<string> = new Set(['Lt', 'Gt'])

/** What the API server takes only where it is told to; `said` is what its validation leaves open. */
export function admissionDoubts(spec: PodSpec, said: string | undefined): Doubt[] {
  return [...(said === undefined ? [] : [doubt(said)]), ...tolerationDoubts(spec)]
}

/** With that gate on, such a pod lands on nodes that it is kept away from here. */
function tolerationDoubts(spec: PodSpec): Doubt[] {
  const gated = objectsOf(spec.tolerations).filter(({ operator }) => GATED_OPERATORS.has(operator ?? ''))
  return gated.map(({ operator }) =>
    doubt(`the API server rejects the toleration operator ${operator}, unless a feature gate is on`),
  )
}

function doubt(message: string): Doubt {
  return { reason: 'Admission', message }
}
