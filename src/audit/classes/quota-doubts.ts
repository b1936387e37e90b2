import type { Container, Node, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import { type AdmissionFacts, admittedPod } from '../../kubernetes/admission/admitted-pod.ts'
import type { NamespaceObjects } from '../../kubernetes/admission/namespace-objects.ts'
import { isInScope, type NamespaceQuota } from '../../kubernetes/admission/quota/quota.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { parseMilli } from '../../kubernetes/objects/quantity.ts'
import { objectsOf, type Resource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { neededObjects } from '../../kubernetes/pods/needed-objects.ts'
import {
  containerRequests,
  isPodLevelResource,
  podRequests,
  quantities,
  type Resources,
} from '../../kubernetes/pods/pod-resources.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'
import { nodeMismatch } from '../../kubernetes/scheduler/node-selector.ts'
import { untoleratedTaint } from '../../kubernetes/scheduler/taint.ts'
import { nodeOfRunning, ownerKey, workloadKey } from '../facts/live/live-pods.ts'

interface LimitedPod {
  readonly spec: PodSpec
  readonly namespace: string
  readonly replicas: number | undefined
  readonly resource: Pick<Resource, 'kind' | 'value'>
  /** The one that admission gives it; empty for none. */
  readonly priorityClass: string
}

/** What all that is audited asks of a quota, and what of it is not counted in what is used; in thousandths. */
export interface QuotaDemand {
  readonly all: Resources
  readonly added: Resources
}

/** Why a quota may refuse a pod, or what it needs: a container says nothing of what is limited, or all want more together. */
export function quotaDoubts(
  pod: LimitedPod,
  quotas: readonly NamespaceQuota[],
  demands: ReadonlyMap<NamespaceQuota, QuotaDemand> = new Map(),
): Doubt[] {
  const { spec, namespace, replicas = 1 } = pod
  const containers = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]
  // A pod that says as a whole what it wants has not to say it of its containers.
  const whole = ['requests', 'limits'].flatMap((key) => [...quantities(valueAt(spec, ['resources', key])).keys()])
  const isWhole = whole.some(isPodLevelResource)
  return quotas.flatMap((quota) => {
    const { name, hard } = quota
    const isIn = isInScope(quota, spec, pod.priorityClass)
    if (isIn === false) return []
    const silent = isWhole
      ? undefined
      : Object.keys(hard).find((resource) => containers.some((one) => !says(one, resource)))
    const pods = Number(hard.pods ?? hard['count/pods'] ?? Number.POSITIVE_INFINITY)
    const why =
      silent !== undefined
        ? `limits ${silent}, of which a container says nothing`
        : pods < replicas
          ? `allows ${pods} pods, and ${replicas} are wanted`
          : isIn
            ? excessOf(pod, quota, demands.get(quota))
            : undefined
    const where = isIn ? '' : ', if the pod is in its scope'
    const message = `ResourceQuota ${namespace}/${name} ${why}${where}`
    return why === undefined ? [] : [{ reason: 'Admission', message, code: 'QUOTA_IN_THE_WAY' }]
  })
}

/** The PriorityClass of a pod: the default one where it names none. */
export function priorityClassOf({ priorityClassName }: PodSpec, { priorityClasses = [] }: AdmissionFacts): string {
  return priorityClassName || priorityClasses.find(({ isDefault }) => isDefault)?.name || ''
}

/** Whether a container says what a quota of cpu or memory asks for; other resources need not be said. */
function says({ resources }: Container, limited: string): boolean {
  const [, kind = 'requests', name = ''] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(limited) ?? []
  if (name === '') return true
  const limit = resources?.limits?.[name]
  return limit !== undefined || (kind !== 'limits' && resources?.requests?.[name] !== undefined)
}

function excessOf(
  pod: LimitedPod,
  { hard, used }: NamespaceQuota,
  demand: QuotaDemand | undefined,
): string | undefined {
  if (!demand) return undefined
  const own = asked(pod.spec)
  for (const [resource, said] of Object.entries(hard)) {
    const [most, name] = [parseMilli(said), nameOf(resource)]
    if (most === undefined || !(own.get(name) || isNeeded(resource, pod))) continue
    if ((demand.all.get(name) ?? 0) > most)
      return `allows ${resource} ${String(said)}, and the workloads of the namespace together want more`
    const more = demand.added.get(name) ?? 0
    if (more > 0 && (parseMilli(used[resource]) ?? 0) + more > most)
      return `allows ${resource} ${String(said)}, of which ${String(used[resource])} is used, and more is wanted`
  }
  return undefined
}

/** Whether the pods of a workload come only where objects can be made that a quota counts. */
function isNeeded(resource: string, { spec, resource: { kind, value } }: LimitedPod): boolean {
  const [, counted = resource] = /^count\/([^.]*)/.exec(resource) ?? []
  const made: Readonly<Record<string, readonly string[]>> = { Deployment: ['replicasets'], CronJob: ['jobs'] }
  if ([`${kind.toLowerCase()}s`, ...(made[kind] ?? [])].includes(counted)) return true
  if (/^(?:persistentvolumeclaims|requests\.storage)$|\.storageclass\./.test(counted)) return hasClaims(spec, value)
  const needed = { configmaps: 'ConfigMap', secrets: 'Secret' }[counted]
  return needed !== undefined && neededObjects(spec).some((one) => one.kind === needed)
}

function hasClaims({ volumes }: PodSpec, value: Resource['value']): boolean {
  const templates = valueAt(value, ['spec', 'volumeClaimTemplates'])
  const isClaim = (volume: object) => 'persistentVolumeClaim' in volume || 'ephemeral' in volume
  return (Array.isArray(templates) && templates.length > 0) || objectsOf(volumes).some(isClaim)
}

/** A quota of `cpu` is one of `requests.cpu`. */
function nameOf(resource: string): string {
  if (resource === 'count/pods') return 'pods'
  return /^(?:cpu|memory|ephemeral-storage)$/.test(resource) ? `requests.${resource}` : resource
}

/** What one pod asks of quotas, as they name it, in thousandths. */
function asked(spec: PodSpec): Map<string, number> {
  const limits = containerRequests(spec, ({ resources }) => quantities(resources?.limits))
  return new Map([
    ...Array.from(podRequests(spec), ([name, milli]) => [`requests.${name}`, milli] as const),
    ...Array.from(limits, ([name, milli]) => [`limits.${name}`, milli] as const),
    ['pods', 1000],
  ])
}

type DemandFacts = AdmissionFacts & {
  readonly namespaceObjects?: ReadonlyMap<string, NamespaceObjects>
  readonly livePods?: readonly Pod[]
}

/**
 * What the workloads of each namespace with a quota ask for together, and its objects take. What runs at times counts with
 * no pods, so that it may be more.
 */
export function quotaDemand(
  workloads: readonly Workload[],
  nodes: readonly Node[],
  facts: DemandFacts,
): ReadonlyMap<NamespaceQuota, QuotaDemand> {
  const demands = new Map<NamespaceQuota, { all: Map<string, number>; added: Map<string, number> }>()
  for (const { quotas, counts } of facts.namespaceObjects?.values() ?? []) {
    for (const quota of quotas) {
      const { all, added } = quota.scopes.length > 0 ? { all: [], added: [] } : counts
      demands.set(quota, { all: new Map(all), added: new Map(added) })
    }
  }
  if (demands.size === 0) return demands
  const running = countBy((facts.livePods ?? []).filter(nodeOfRunning), ownerKey)
  for (const workload of workloads) {
    const quotas = facts.namespaceObjects?.get(workload.resource.namespace || 'default')?.quotas ?? []
    if (quotas.length === 0) continue
    const { spec } = admittedPod(workload, facts)
    const wanted = wantedPods(workload, spec, nodes)
    const coming = Math.max(0, wanted - podsThere(workload, wanted, running))
    for (const quota of quotas) {
      const demand = demands.get(quota)
      if (!demand || isInScope(quota, spec, priorityClassOf(spec, facts)) !== true) continue
      for (const [name, milli] of asked(spec)) {
        demand.all.set(name, (demand.all.get(name) ?? 0) + milli * wanted)
        demand.added.set(name, (demand.added.get(name) ?? 0) + milli * coming)
      }
    }
  }
  return demands
}

function wantedPods({ resource, replicas, most }: Workload, spec: PodSpec, nodes: readonly Node[]): number {
  if (resource.kind !== 'DaemonSet') return most ?? replicas ?? 0
  return nodes.filter((node) => {
    const taint = untoleratedTaint(node.spec?.taints, spec.tolerations, ['NoSchedule', 'NoExecute'])
    return !taint && nodeMismatch(spec, node) === undefined
  }).length
}

/** The pods of a workload that a cluster has already, and counts as used. */
function podsThere({ resource }: Workload, wanted: number, running: ReadonlyMap<string, number>): number {
  const seen = running.get(workloadKey(resource)) ?? 0
  if (typeof valueAt(resource.value, ['metadata', 'uid']) !== 'string') return seen
  const status = ['replicas', 'active', 'currentNumberScheduled'].map((key) => valueAt(resource.value, ['status', key]))
  return Math.max(seen, Number(status.find((count) => typeof count === 'number') ?? wanted))
}

function countBy<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const one of all) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1)
  return counts
}
