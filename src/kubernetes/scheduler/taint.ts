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

/**
 * The first taint that evicts a pod which came to the node all the same, and when: of each taint the first toleration that
 * covers it counts. Of a DaemonSet's pod, any without an end does, as its controller puts one in the place of another.
 * Source: kubernetes 1.37, pkg/controller/tainteviction, getMinTolerationTime.
 */
export function evictingTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  isDaemonSetPod: boolean,
): { readonly taint: Taint; readonly seconds: number } | undefined {
  for (const taint of objectsOf(taints)) {
    if (taint.effect !== 'NoExecute') continue
    const covering = objectsOf(tolerations).filter((toleration) => tolerates(toleration, taint))
    const seconds = covering[0]?.tolerationSeconds
    if (typeof seconds !== 'number') continue
    if (isDaemonSetPod && covering.some(({ tolerationSeconds }) => typeof tolerationSeconds !== 'number')) continue
    return { taint, seconds: Math.max(seconds, 0) }
  }
  return undefined
}

/** `gpu=h200:NoSchedule`, as kubectl writes it. */
export function formatTaint({ key, value, effect }: Taint): string {
  return `${key}${value ? `=${value}` : ''}:${effect}`
}
