import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { PriorityClass } from '../objects/priority-class.ts'

/** Classes that every cluster has. */
const BUILT_IN: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
}

/** A pod's priority, as admission sets it: of its class, else of the default class, else 0. */
export function podPriority(spec: PodSpec, classes: readonly PriorityClass[]): number {
  if (typeof spec.priority === 'number') return spec.priority
  const name = spec.priorityClassName
  if (!name) return classes.find(({ isDefault }) => isDefault)?.value ?? 0
  return classes.find((one) => one.name === name)?.value ?? BUILT_IN[name] ?? 0
}
