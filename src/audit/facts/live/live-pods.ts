import type { Pod } from 'kubernetes-types/core/v1.js'
import { podImages } from '../../../kubernetes/objects/pod-images.ts'
import { objectsOf, type Resource } from '../../../kubernetes/objects/resource.ts'
import type { Workload } from '../../../kubernetes/objects/workload.ts'
import { hostPorts } from '../../../kubernetes/pods/host-port.ts'
import { liveRequests } from '../../../kubernetes/pods/live-requests.ts'
import { addResources, type Resources } from '../../../kubernetes/pods/pod-resources.ts'
import type { NodeUse } from '../../../kubernetes/scheduler/filters.ts'
import type { ReservedResources } from '../../../kubernetes/scheduler/resource-fit.ts'
import type { PodVolumes } from '../../../kubernetes/storage/csi-volume.ts'

/** What live pods take of a node. */
export interface LiveUse extends NodeUse {
  readonly reserved: ReservedResources
  /** The pods one by one, with their priorities: those of lower priority may have to go. */
  readonly parts: readonly LivePart[]
}

interface LivePart {
  readonly priority: number
  readonly requests: Resources
  readonly ports: NodeUse['ports']
  readonly volumes: PodVolumes | undefined
}

interface GrowingUse extends LiveUse {
  readonly parts: LivePart[]
}

export const NO_USE: LiveUse = { reserved: { pods: 0, requests: new Map() }, ports: [], parts: [] }

/** What live pods take of each node; pods that have ended take nothing. `volumesOf` is left out where nobody asks. */
export function nodeUses(
  pods: readonly Pod[],
  volumesOf: (pod: Pod) => PodVolumes | undefined = () => undefined,
): ReadonlyMap<string, LiveUse> {
  const uses = new Map<string, GrowingUse>()
  for (const pod of pods) {
    const node = nodeOfRunning(pod)
    if (!node || !pod.spec) continue
    const use: GrowingUse = uses.get(node) ?? { ...NO_USE, parts: [] }
    uses.set(node, use)
    const holder = ownerKey(pod)
    const ports = hostPorts(pod.spec).map((port) => ({ ...port, pod: holder }))
    use.parts.push({ priority: pod.spec.priority ?? 0, requests: liveRequests(pod), ports, volumes: volumesOf(pod) })
  }
  return new Map(Array.from(uses, ([node, use]) => [node, { ...use, ...withoutLower(use, -Infinity) }]))
}

/** What is taken of a node when all pods below a priority are gone. */
export function withoutLower({ parts }: Pick<LiveUse, 'parts'>, priority: number): Pick<LiveUse, 'reserved' | 'ports'> {
  const kept = parts.filter((part) => part.priority >= priority)
  const requests = new Map<string, number>()
  for (const part of kept) addResources(requests, part.requests)
  return { reserved: { pods: kept.length, requests }, ports: kept.flatMap(({ ports }) => ports) }
}

/**
 * Whether live pods show that the admission plugin AlwaysPullImages is on: every container has Always, although the
 * template of some asks for something else.
 */
export function showsAlwaysPullImages(workloads: readonly Workload[], pods: readonly Pod[]): boolean {
  const templates = new Map(workloads.map((one) => [workloadKey(one.resource), podImages(one.podSpec)]))
  let isForced = false
  for (const pod of pods) {
    const live = podImages(pod.spec)
    if (live.length > 0 && live.some(({ policy }) => policy !== 'Always') && !isStatic(pod)) return false
    isForced ||= templates.get(ownerKey(pod))?.some(({ policy }) => policy !== 'Always') ?? false
  }
  return isForced
}

/** The workloads that have live pods, by {@link workloadKey}. */
export function runningWorkloads(pods: readonly Pod[]): ReadonlySet<string> {
  return new Set(pods.filter(nodeOfRunning).map(ownerKey))
}

/** The workload that a live pod belongs to. */
export function ownerKey({ metadata }: Pod): string {
  const namespace = metadata?.namespace
  const owner = objectsOf(metadata?.ownerReferences)[0]
  if (!owner) return workloadKey({ kind: 'Pod', namespace, name: metadata?.name ?? '' })
  // A ReplicaSet of a Deployment and a Job of a CronJob are called after it, with a hash or a time behind.
  const outer = owner.kind === 'ReplicaSet' ? 'Deployment' : /-\d{8,10}$/.test(owner.name) ? 'CronJob' : undefined
  const isOuter =
    outer && (owner.kind === 'ReplicaSet' ? metadata?.labels?.['pod-template-hash'] : owner.kind === 'Job')
  const name = isOuter ? owner.name.slice(0, owner.name.lastIndexOf('-')) : owner.name
  return workloadKey({ kind: isOuter ? outer : owner.kind, namespace, name })
}

export function workloadKey({ kind, namespace, name }: Pick<Resource, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace || 'default'}/${name}`
}

/** A pod that a kubelet reads from its own disk has met no admission plugin. */
function isStatic({ metadata }: Pod): boolean {
  return objectsOf(metadata?.ownerReferences).some(({ kind }) => kind === 'Node')
}

/** The node of a pod that takes something of it; undefined for a pod that has ended, or waits for a node. */
export function nodeOfRunning({ spec, status }: Pod): string | undefined {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? undefined : spec?.nodeName
}
