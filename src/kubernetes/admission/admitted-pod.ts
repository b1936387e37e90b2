import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { PriorityClass } from '../objects/priority-class.ts'
import { objectsOf } from '../objects/resource.ts'
import type { RuntimeClass } from '../objects/runtime-class.ts'
import type { Workload } from '../objects/workload.ts'
import { controllerLabels } from '../pods/controller-labels.ts'
import type { PendingLabels } from '../pods/label-selector.ts'
import type { Doubt } from '../pods/refusal.ts'
import { withAnnotatedProfiles } from './apparmor-annotations.ts'
import { daemonSetTolerations } from './daemon-set.ts'
import { withDefaultRequests } from './default-requests.ts'
import { defaultTolerations } from './default-tolerations.ts'
import { type LimitRange, rangesIn, withLimitRanges } from './limit-range.ts'
import { podPriority } from './priority.ts'
import { classRejection, withRuntimeClass } from './runtime-class.ts'

/** A pod as the API server stores it: with what controllers and admission add to its template. */
export interface AdmittedPod {
  readonly spec: PodSpec
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  /** The labels whose values its controller chooses. */
  readonly pending?: PendingLabels | undefined
  /** Of its RuntimeClass; empty for a pod without, undefined where the class is not known. */
  readonly handler: string | undefined
  /** Placed by the DaemonSet controller, which knows nothing of ports, resources and pod affinity. */
  readonly isDaemonSetPod: boolean
  readonly priority: number
  /** Pods of a lower priority may have to make room. */
  readonly preempts: boolean
  /** Why the API server rejects the pod. */
  readonly rejection?: string | undefined
  /** What may keep it from every node, and nobody here can tell. */
  readonly doubts: readonly Doubt[]
}

/** The objects of the cluster that admission asks about. */
export interface AdmissionFacts {
  /** By name. */
  readonly runtimeClasses?: ReadonlyMap<string, RuntimeClass>
  readonly priorityClasses?: readonly PriorityClass[]
  readonly limitRanges?: readonly LimitRange[]
  /** The kinds of which every object is known; of others, one that is not known may exist all the same. */
  readonly completeKinds?: ReadonlySet<string>
}

/** The namespace of what names none. */
const DEFAULT_NAMESPACE = 'default'

/**
 * The pod that a workload's template becomes. Controllers come first, then defaults, then the admission plugins in the
 * API server's order: LimitRanger, Priority, DefaultTolerationSeconds, RuntimeClass.
 */
export function admittedPod(
  workload: Pick<Workload, 'resource' | 'podSpec' | 'template' | 'replicas' | 'most'>,
  facts: AdmissionFacts = {},
): AdmittedPod {
  const { resource, template } = workload
  const podSpec = withAnnotatedProfiles(workload.podSpec, template.metadata?.annotations)
  const namespace = resource.namespace || DEFAULT_NAMESPACE
  const isDaemonSetPod = resource.kind === 'DaemonSet'
  const created = isDaemonSetPod ? withTolerations(podSpec, daemonSetTolerations(podSpec)) : podSpec
  const { runtimeClassName } = podSpec
  const runtimeClass = facts.runtimeClasses?.get(runtimeClassName ?? '')
  const handler = runtimeClassName ? runtimeClass?.handler : ''
  const { labels, pending } = controllerLabels(workload)
  const base = { namespace, labels: { ...template.metadata?.labels, ...labels }, pending, handler, isDaemonSetPod }
  const { unknownClass, mismatch, ...priority } = podPriority(podSpec, facts.priorityClasses ?? [])
  // What a cluster has stored has met admission already.
  if (isStored(workload)) return { ...base, ...priority, spec: created, doubts: [] }

  const ranges = rangesIn(namespace, facts.limitRanges)
  const limited = withLimitRanges(withDefaultRequests(created), ranges)
  const tolerant = withTolerations(limited.spec, defaultTolerations(limited.spec))
  const classed = runtimeClass ? withRuntimeClass(tolerant, runtimeClass) : { spec: tolerant }
  const missing = [
    ...(unknownClass ? [{ kind: 'PriorityClass', name: unknownClass }] : []),
    ...(runtimeClassName && !runtimeClass ? [{ kind: 'RuntimeClass', name: runtimeClassName }] : []),
  ]
  const absent = missing.find(({ kind }) => facts.completeKinds?.has(kind))
  // Without a name the default class counts, which may be one that is not here.
  const isSure = Boolean(podSpec.priorityClassName) || facts.completeKinds?.has('PriorityClass') === true
  const refused = absent ? `there is no ${absent.kind} ${absent.name}` : classRejection(podSpec, runtimeClass)
  return {
    ...base,
    ...priority,
    spec: classed.spec,
    rejection: limited.rejection ?? classed.conflict ?? refused ?? (isSure ? mismatch : undefined),
    doubts: [
      ...(absent ? [] : missing.map(({ kind, name }) => unknownClassDoubt(kind, name))),
      ...(mismatch && !isSure
        ? [{ reason: 'Admission', message: `${mismatch}: the API server may refuse it` } as const]
        : []),
    ],
  }
}

function unknownClassDoubt(kind: string, name: string): Doubt {
  const [code, adds] =
    kind === 'PriorityClass'
      ? (['PRIORITY_CLASS_UNKNOWN', 'its priority is not known'] as const)
      : (['RUNTIME_CLASS_UNKNOWN', 'its nodeSelector, tolerations and overhead are left out'] as const)
  return { reason: 'Admission', message: `${kind} ${name} is not among the inputs: ${adds}`, code }
}

function withTolerations(spec: PodSpec, added: NonNullable<PodSpec['tolerations']>): PodSpec {
  return added.length === 0 ? spec : { ...spec, tolerations: [...objectsOf(spec.tolerations), ...added] }
}

/** A pod that an API server gave, not one that a person wrote. */
function isStored({ resource, template }: Pick<Workload, 'resource' | 'template'>): boolean {
  return resource.kind === 'Pod' && typeof template.metadata?.uid === 'string'
}
