import { isObject } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { SeedingPlan } from '../plan.ts'

/** What `placement.json` says, as far as workloads go. */
export type RecordedWorkloads = Pick<SeedingPlan, 'workloads'>

/** Whether a value has the form of `placement.json`. */
export function isRecordedWorkloads(value: unknown): value is RecordedWorkloads {
  return isObject(value) && Array.isArray(value.workloads) && value.workloads.every(isObject)
}

/** The node selector that seeding decided on for a workload; empty for one that it did not see. */
export function selectorOf({ workloads }: RecordedWorkloads, { resource }: Workload): Readonly<Record<string, string>> {
  const recorded = workloads.find(
    ({ apiVersion, kind, namespace, name }) =>
      apiVersion === resource.apiVersion &&
      kind === resource.kind &&
      namespace === resource.namespace &&
      name === resource.name,
  )
  return recorded?.nodeSelector ?? {}
}
