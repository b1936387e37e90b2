import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { PriorityClass } from '../objects/priority-class.ts'

/** Classes that every cluster has. */
const BUILT_IN: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
}

/** What admission makes of a pod's PriorityClass. */
export interface PodPriority {
  readonly priority: number
  /** Pods of a lower one may have to make room. */
  readonly preempts: boolean
  /** The class that it names, where that is not known. */
  readonly unknownClass?: string | undefined
  /** What the pod says itself, and is not what admission makes of its class: the API server refuses that. */
  readonly mismatch?: string | undefined
}

/** A pod's priority: the stored one, else of its class, else of the default class, else 0. */
export function podPriority(spec: PodSpec, classes: readonly PriorityClass[]): PodPriority {
  const name = spec.priorityClassName
  const found = name ? classes.find((one) => one.name === name) : classes.find(({ isDefault }) => isDefault)
  const value = found?.value ?? BUILT_IN[name ?? '']
  return {
    priority: typeof spec.priority === 'number' ? spec.priority : (value ?? 0),
    preempts: spec.preemptionPolicy ? spec.preemptionPolicy !== 'Never' : (found?.preempts ?? true),
    ...(name && value === undefined ? { unknownClass: name } : mismatchOf(spec, value ?? 0, found?.preempts ?? true)),
  }
}

/** Source: kubernetes 1.37, plugin/pkg/admission/priority, admitPod. */
function mismatchOf({ priority, preemptionPolicy }: PodSpec, value: number, preempts: boolean) {
  const policy = preempts ? 'PreemptLowerPriority' : 'Never'
  if (typeof priority === 'number' && priority !== value) {
    return { mismatch: `priority is ${priority}, and that of its PriorityClass ${value}` }
  }
  const isOther = typeof preemptionPolicy === 'string' && preemptionPolicy !== policy
  return isOther ? { mismatch: `preemptionPolicy is ${preemptionPolicy}, and that of its PriorityClass ${policy}` } : {}
}
