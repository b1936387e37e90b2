import type { Node } from 'kubernetes-types/core/v1.js'
import { nameOfNode } from '../../../kubernetes/objects/node.ts'
import { conflicts, formatHostPort } from '../../../kubernetes/pods/host-port.ts'
import { addResources, type Resources } from '../../../kubernetes/pods/pod-resources.ts'
import { allocatableOf } from '../../../kubernetes/scheduler/resource-fit.ts'
import { countOf } from '../../../plural.ts'
import type { Audit, WorkloadAudit } from '../../audit.ts'
import type { Conditions } from '../../facts/conditions.ts'
import { nodeUses, ownerKey, workloadKey } from '../../facts/live/live-pods.ts'
import { ownVolumes, volumesFree } from './volume-room.ts'

/** A node and what is free there; a resource that is not limited is not named. */
interface Room {
  readonly name: string
  readonly free: Map<string, number>
}

/** Why pods find no room, and whether that is certain: something may scale a workload, or not. */
export interface Lack {
  readonly why: string
  readonly isCertain: boolean
}

/**
 * The workloads of which some pods find no room, and why: more is asked for than the nodes have that they may
 * land on. That all is small enough does not say that it fits.
 */
export function lackingRoom(
  { nodeClasses, workloads }: Audit,
  nodes: readonly Node[],
  conditions: Pick<Conditions, 'livePods' | 'storage' | 'completeKinds'>,
): ReadonlyMap<WorkloadAudit, Lack> {
  const lacking = new Map<WorkloadAudit, Lack>()
  const staying = workloads.filter(stays)
  const own = new Set(staying.map(({ workload }) => nameIn(workloadKey(workload.resource))))
  const others = conditions.livePods?.filter((pod) => !own.has(nameIn(ownerKey(pod)))) ?? []
  const rooms = roomsOf(nodes, nodeUses(others), volumesFree(others, conditions))
  const landing = (one: WorkloadAudit): Room[] =>
    nodeClasses.flatMap((nodeClass, index) =>
      one.nodes[index]?.mayLand ? nodeClass.nodes.flatMap((name) => rooms.get(name) ?? []) : [],
    )
  for (const one of staying.filter(isOnePerNode)) {
    for (const { name, free } of landing(one)) {
      take(free, wantedBy(one, 1))
      const scarce = overdrawn(free)
      if (scarce !== undefined)
        lacking.set(one, certain(`the pods that each node gets ask for more ${scarce} together than ${name} has`))
    }
  }
  const groups = Map.groupBy(
    staying.filter((one) => !isOnePerNode(one)),
    ({ nodes: verdicts }) => verdicts.map(({ mayLand }) => Number(mayLand)).join(''),
  )
  for (const group of groups.values()) {
    const places = group[0] ? landing(group[0]) : []
    for (const one of group) {
      const { replicas = 1 } = one.workload
      const slots = countSlots(places, wantedBy(one, 1), replicas)
      if (slots < replicas)
        lacking.set(one, certain(`the nodes that it may land on have room for ${slots} of its ${replicas} pods`))
    }
    const scarce = scarceOf(places, group)
    for (const one of scarce === undefined ? [] : group) {
      if (!lacking.has(one) && wantedBy(one, 1).has(scarce as string))
        lacking.set(one, certain(`with ${othersOf(group)} it asks for more ${scarce} than these have`))
    }
  }
  for (const [one, why] of portsShort(staying, landing)) if (!lacking.has(one)) lacking.set(one, certain(why))
  for (const group of groups.values()) {
    const places = group[0] ? landing(group[0]) : []
    for (const one of group) {
      const why = lacking.has(one) ? undefined : lackWhenScaled(one, group, places)
      if (why !== undefined) lacking.set(one, { why, isCertain: false })
    }
  }
  return lacking
}

/** Why what something may scale finds no room then, with the others as they are. */
function lackWhenScaled(
  one: WorkloadAudit,
  group: readonly WorkloadAudit[],
  places: readonly Room[],
): string | undefined {
  const { most = 0, replicas = 1 } = one.workload
  if (most <= replicas) return undefined
  const scaled = { ...one, workload: { ...one.workload, replicas: most } }
  const perPort = one.podClass.pod.hostPorts.length > 0 ? places.length : most
  const slots = Math.min(perPort, countSlots(places, wantedBy(one, 1), most))
  if (slots < most) return `something may scale it to ${most} pods, and the nodes have room for ${slots}`
  const scarce = scarceOf(
    places,
    group.map((other) => (other === one ? scaled : other)),
  )
  if (scarce === undefined || !wantedBy(one, 1).has(scarce)) return undefined
  return `scaled to ${most} pods, as something may, with ${othersOf(group)} it asks for more ${scarce} than these have`
}

function certain(why: string): Lack {
  return { why, isCertain: true }
}

function othersOf(group: readonly WorkloadAudit[]): string {
  return `the ${group.length - 1} others that go to the same nodes`
}

/** Of a key of a workload, all but the kind: what owns pods by way of ReplicaSets is taken for a Deployment. */
function nameIn(key: string): string {
  return key.slice(key.indexOf(' ') + 1)
}

/** Its pods stay, so that all of them need room at once. A pod that a cluster stored is a live one. What may land nowhere is judged already. */
function stays({ workload, nodes }: WorkloadAudit): boolean {
  const { resource, podSpec, template, replicas, most = replicas } = workload
  if (resource.kind === 'Job' || resource.kind === 'CronJob' || resource.kind === 'PodTemplate' || most === 0)
    return false
  if (resource.kind === 'Pod' && typeof template.metadata?.uid === 'string') return false
  if (resource.kind === 'Pod' && podSpec.restartPolicy && podSpec.restartPolicy !== 'Always') return false
  return nodes.some(({ mayLand }) => mayLand)
}

function isOnePerNode({ podClass }: WorkloadAudit): boolean {
  return podClass.pod.isDaemonSetPod
}

function roomsOf(
  nodes: readonly Node[],
  uses: ReturnType<typeof nodeUses>,
  volumes: ReadonlyMap<string, Resources>,
): ReadonlyMap<string, Room> {
  return new Map(
    nodes.map((node) => {
      const name = nameOfNode(node)
      const free = new Map([...allocatableOf(node), ...(volumes.get(name) ?? [])])
      const use = uses.get(name)
      if (use) take(free, new Map([...use.reserved.requests, ['pods', use.reserved.pods * 1000]]))
      return [name, { name, free }]
    }),
  )
}

function wantedBy({ podClass }: WorkloadAudit, count: number): Resources {
  const wanted = new Map([...podClass.pod.requests, ['pods', 1000] as const, ...ownVolumes(podClass.pod)])
  return new Map(Array.from(wanted, ([name, milli]) => [name, milli * count]))
}

function take(free: Map<string, number>, wanted: Resources): void {
  for (const [name, milli] of wanted) {
    const left = free.get(name)
    if (left !== undefined) free.set(name, left - milli)
  }
}

function overdrawn(free: Resources): string | undefined {
  for (const [name, milli] of free) if (milli < 0) return name
  return undefined
}

/** How many such pods the nodes take at most; no more than `enough` are counted. */
function countSlots(places: readonly Room[], wanted: Resources, enough: number): number {
  let slots = 0
  for (const { free } of places) {
    let here = enough
    for (const [name, milli] of wanted) {
      const left = free.get(name)
      if (left !== undefined && milli > 0) here = Math.min(here, Math.max(0, Math.floor(left / milli)))
    }
    slots += here
    if (slots >= enough) return enough
  }
  return slots
}

/** The resource of which a group asks for more than the nodes have together. */
function scarceOf(places: readonly Room[], group: readonly WorkloadAudit[]): string | undefined {
  if (group.length < 2) return undefined
  const total = new Map<string, number>()
  for (const one of group) addResources(total, wantedBy(one, one.workload.replicas ?? 1))
  for (const [name, milli] of total) {
    if (!places.every(({ free }) => free.has(name))) continue
    if (milli > places.reduce((sum, { free }) => sum + Math.max(0, free.get(name) ?? 0), 0)) return name
  }
  return undefined
}

/** Workloads that want one port of the node, and are more pods together than the nodes that any of them may land on. */
function portsShort(
  staying: readonly WorkloadAudit[],
  landing: (one: WorkloadAudit) => Room[],
): [WorkloadAudit, string][] {
  const wanting = staying.filter((one) => !isOnePerNode(one) && one.podClass.pod.hostPorts.length > 0)
  return wanting.flatMap((one): [WorkloadAudit, string][] =>
    one.podClass.pod.hostPorts.flatMap((port): [WorkloadAudit, string][] => {
      const rivals = wanting.filter(({ podClass }) => podClass.pod.hostPorts.some((other) => conflicts(port, other)))
      const pods = rivals.reduce((sum, { workload }) => sum + (workload.replicas ?? 1), 0)
      const places = new Set(rivals.flatMap(landing)).size
      if (pods <= places) return []
      return [
        [
          one,
          `${pods} pods of ${countOf(rivals.length, 'workload')} want host port ${formatHostPort(port)}, one a node, on ${places} nodes`,
        ],
      ]
    }),
  )
}
