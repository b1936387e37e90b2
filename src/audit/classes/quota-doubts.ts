import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { type AdmissionFacts, admittedPod } from '../../kubernetes/admission/admitted-pod.ts'
import type { NamespaceObjects } from '../../kubernetes/admission/namespace-objects.ts'
import { parseMilli } from '../../kubernetes/objects/quantity.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { containerRequests, podRequests, quantities, type Resources } from '../../kubernetes/pods/pod-resources.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'

interface LimitedPod {
  readonly spec: PodSpec
  readonly namespace: string
  readonly replicas: number | undefined
}

/** Why a quota may refuse a pod: a container says nothing of what is limited, or all pods together want more. */
export function quotaDoubts(
  { spec, namespace, replicas = 1 }: LimitedPod,
  quotas: NamespaceObjects['quotas'],
  demand: Resources | undefined,
): Doubt[] {
  const containers = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]
  return quotas.flatMap(({ name, hard, isScoped }) => {
    const silent = Object.keys(hard).find((resource) => containers.some((one) => !says(one, resource)))
    const pods = Number(hard.pods ?? hard['count/pods'] ?? Number.POSITIVE_INFINITY)
    const over = isScoped ? undefined : Object.keys(hard).find((resource) => isOver(hard[resource], resource, demand))
    const why =
      silent !== undefined
        ? `limits ${silent}, of which a container says nothing`
        : pods < replicas
          ? `allows ${pods} pods, and ${replicas} are wanted`
          : over !== undefined
            ? `allows ${over} ${String(hard[over])}, and the workloads of the namespace together want more`
            : undefined
    const where = isScoped ? ', if the pod is in its scope' : ''
    const message = `ResourceQuota ${namespace}/${name} ${why}${where}`
    return why === undefined ? [] : [{ reason: 'Admission', message, code: 'QUOTA_IN_THE_WAY' }]
  })
}

/** Whether a container says what a quota of cpu or memory asks for; other resources need not be said. */
function says({ resources }: Container, limited: string): boolean {
  const [, kind = 'requests', name = ''] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(limited) ?? []
  if (name === '') return true
  const limit = resources?.limits?.[name]
  return limit !== undefined || (kind !== 'limits' && resources?.requests?.[name] !== undefined)
}

function isOver(hard: unknown, resource: string, demand: Resources | undefined): boolean {
  const most = parseMilli(hard)
  const wanted = demand?.get(nameOf(resource))
  return most !== undefined && wanted !== undefined && wanted > most
}

/** A quota of `cpu` is one of `requests.cpu`. */
function nameOf(resource: string): string {
  if (resource === 'count/pods') return 'pods'
  return /^(?:cpu|memory|ephemeral-storage)$/.test(resource) ? `requests.${resource}` : resource
}

/**
 * What the pods of each namespace with a quota ask for together, as quotas name it, in thousandths. A DaemonSet counts with
 * one pod and what runs at times with none, so that it may be more.
 */
export function quotaDemand(
  workloads: readonly Workload[],
  facts: AdmissionFacts & { readonly namespaceObjects?: ReadonlyMap<string, NamespaceObjects> },
): ReadonlyMap<string, Resources> {
  const demand = new Map<string, Map<string, number>>()
  for (const workload of workloads) {
    const { resource } = workload
    const replicas = workload.most ?? workload.replicas ?? (resource.kind === 'DaemonSet' ? 1 : 0)
    const namespace = resource.namespace || 'default'
    if (!facts.namespaceObjects?.get(namespace)?.quotas.length) continue
    const sum = demand.get(namespace) ?? new Map<string, number>()
    demand.set(namespace, sum)
    const add = (name: string, milli: number) => sum.set(name, (sum.get(name) ?? 0) + milli * replicas)
    const { spec } = admittedPod(workload, facts)
    for (const [name, milli] of podRequests(spec)) add(`requests.${name}`, milli)
    for (const [name, milli] of containerRequests(spec, limitsOf)) add(`limits.${name}`, milli)
    add('pods', 1000)
  }
  return demand
}

function limitsOf({ resources }: Container): Resources {
  return quantities(resources?.limits)
}
