import { objectsOf } from '../objects/resource.ts'
import type { Doubt } from '../pods/refusal.ts'
import type { SchedulablePod } from './schedulable-pod.ts'

const DEFAULT_SCHEDULER = 'default-scheduler'

/**
 * What of the scheduling of a pod nobody here can decide, on whichever node: the scheduler may still say no. What its
 * required anti-affinity finds may be known.
 */
export function undecidedFilters({ spec }: SchedulablePod, knowsAntiAffinity: boolean): Doubt[] {
  const doubts: Doubt[] = []
  const { schedulerName, schedulingGates } = spec as { schedulerName?: unknown; schedulingGates?: { name?: unknown }[] }
  const gate = objectsOf(schedulingGates)[0]
  if (gate) {
    const message = `held back by scheduling gate ${String(gate.name)} until something removes it`
    doubts.push({ reason: 'SchedulingGates', message, code: 'SCHEDULING_GATED' })
  }
  if (typeof schedulerName === 'string' && schedulerName && schedulerName !== DEFAULT_SCHEDULER) {
    const message = `placed by ${schedulerName}, whose rules are not known here`
    doubts.push({ reason: 'OtherScheduler', message, code: 'SCHEDULER_UNKNOWN' })
  }
  const unknown = 'cannot decide: it depends on the pods that run by then'
  const isHard = ({ whenUnsatisfiable }: { whenUnsatisfiable: string }) => whenUnsatisfiable === 'DoNotSchedule'
  if (objectsOf(spec.topologySpreadConstraints).some(isHard)) {
    doubts.push({ reason: 'PodTopologySpread', message: `topology spread, ${unknown}` })
  }
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  const required = [podAffinity, knowsAntiAffinity ? undefined : podAntiAffinity].flatMap((affinity) =>
    objectsOf(affinity?.requiredDuringSchedulingIgnoredDuringExecution),
  )
  if (required.length > 0) doubts.push({ reason: 'InterPodAffinity', message: `pod affinity, ${unknown}` })
  return doubts
}
