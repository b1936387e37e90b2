import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { CONTAINER_LISTS } from '../../objects/pod-images.ts'
import { objectsOf } from '../../objects/resource.ts'
import type { Labels } from '../../pods/label-selector.ts'
import { baselineProblem } from './baseline.ts'
import { restrictedProblem } from './restricted.ts'

/** The label of a namespace by which the API server refuses pods. */
const ENFORCE_LABEL = 'pod-security.kubernetes.io/enforce'

/** A level that a namespace enforces, and what a pod has that it refuses. */
export interface SecurityProblem {
  readonly level: string
  readonly problem: string
}

/**
 * The first thing that the Pod Security admission refuses in a namespace with these labels; undefined where there is none.
 * Source: kubernetes.io/docs/concepts/security/pod-security-standards; k8s.io/pod-security-admission, ParseLevel.
 */
export function podSecurityProblem(
  spec: PodSpec,
  annotations: Labels | undefined,
  labels: Labels | undefined,
): SecurityProblem | undefined {
  const said = labels?.[ENFORCE_LABEL]
  if (said === undefined || said === 'privileged') return undefined
  // What is no level counts as the strictest.
  const level = said === 'baseline' ? said : 'restricted'
  const containers = CONTAINER_LISTS.flatMap((list) => objectsOf(spec[list] as Container[] | undefined))
  const minor = Number(/^v1\.(\d{1,3})$/.exec(labels?.[`${ENFORCE_LABEL}-version`] ?? '')?.[1] ?? Infinity)
  const baseline = baselineProblem({ spec, containers, annotations: annotations ?? {}, minor })
  const problem = baseline ?? (level === 'restricted' ? restrictedProblem(spec, containers) : undefined)
  return problem === undefined
    ? undefined
    : { level: said === level ? level : `${JSON.stringify(said)}, which counts as ${level}`, problem }
}
