import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { Resource } from './resource.ts'

/** How important the pods are that name it. */
export interface PriorityClass {
  readonly name: string
  readonly value: number
  readonly isDefault: boolean
}

/** Classes that every cluster has. */
const BUILT_IN: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
}

/** The PriorityClass that a resource is, or undefined. */
export function priorityClassOf({ apiVersion, kind, name, value }: Resource): PriorityClass | undefined {
  if (kind !== 'PriorityClass' || !apiVersion.startsWith('scheduling.k8s.io/')) return undefined
  return { name, value: typeof value.value === 'number' ? value.value : 0, isDefault: value.globalDefault === true }
}

/** A pod's priority, as admission sets it: of its class, else of the default class, else 0. */
export function podPriority(spec: PodSpec, classes: readonly PriorityClass[]): number {
  if (typeof spec.priority === 'number') return spec.priority
  const name = spec.priorityClassName
  if (!name) return classes.find(({ isDefault }) => isDefault)?.value ?? 0
  return classes.find((one) => one.name === name)?.value ?? BUILT_IN[name] ?? 0
}
