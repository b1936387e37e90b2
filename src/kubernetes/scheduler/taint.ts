import type { Taint, Toleration } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'

/** The effects that keep a pod away; PreferNoSchedule only lowers a node's score. */
export type TaintEffect = 'NoSchedule' | 'NoExecute'

/**
 * Whether a toleration covers a taint. `tolerationSeconds` plays no part in placement; the operators Lt and Gt are
 * alpha and off, so they cover nothing. Source: k8s.io/component-helpers 1.36, Toleration.ToleratesTaint.
 */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  if (toleration.operator === 'Exists') return true
  const isEqual = !toleration.operator || toleration.operator === 'Equal'
  return isEqual && (toleration.value ?? '') === (taint.value ?? '')
}

/** The first taint with one of the effects that no toleration covers, in the node's order. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly TaintEffect[],
): Taint | undefined {
  const known = objectsOf(tolerations)
  return objectsOf(taints).find(
    (taint) =>
      (effects as readonly string[]).includes(taint.effect) &&
      !known.some((toleration) => tolerates(toleration, taint)),
  )
}

/** `gpu=h200:NoSchedule`, as kubectl writes it. */
export function formatTaint({ key, value, effect }: Taint): string {
  return `${key}${value ? `=${value}` : ''}:${effect}`
}
