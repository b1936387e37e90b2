import type { Resource } from './resource.ts'

/** How important the pods are that name it. */
export interface PriorityClass {
  readonly name: string
  readonly value: number
  readonly isDefault: boolean
  /** Its pods make others go where there is no room for them. */
  readonly preempts: boolean
}

/** The PriorityClass that a resource is, or undefined. */
export function priorityClassOf({ apiVersion, kind, name, value }: Resource): PriorityClass | undefined {
  if (kind !== 'PriorityClass' || !apiVersion.startsWith('scheduling.k8s.io/')) return undefined
  return {
    name,
    value: typeof value.value === 'number' ? value.value : 0,
    isDefault: value.globalDefault === true,
    preempts: value.preemptionPolicy !== 'Never',
  }
}
