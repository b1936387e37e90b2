import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../inventory.ts'
import { nameOfNode } from '../kubernetes/node.ts'
import { nameOfResource } from '../kubernetes/resource.ts'
import type { NodeUse } from '../kubernetes/scheduling.ts'
import type { Workload } from '../kubernetes/workload.ts'
import { type Conditions, kubeletOf } from './conditions.ts'
import { nodesOfWorkloads, nodeUses, workloadKey } from './live-pods.ts'
import { type NodeClass, nodeClasses } from './node-classes.ts'
import { presenceOf } from './node-images.ts'
import { nodeListings } from './node-listings.ts'
import { holdsPorts, type PodClass, podClasses } from './pod-classes.ts'
import { type AuditedNode, type NodeVerdict, podVerdict } from './verdict.ts'

/** Safe: wherever it may land, it starts. At risk: not everywhere. Impossible: nowhere. */
export type WorkloadVerdict = 'safe' | 'atRisk' | 'impossible' | 'unknown'

export interface WorkloadAudit {
  readonly workload: Workload
  readonly podClass: PodClass
  readonly verdict: WorkloadVerdict
  /** One for each class of nodes, in their order. */
  readonly nodes: readonly NodeVerdict[]
}

export interface Audit {
  readonly nodeClasses: readonly NodeClass[]
  readonly workloads: readonly WorkloadAudit[]
}

const NO_USE: NodeUse = { pods: 0, requests: new Map(), ports: [] }

/** Asks for every workload and every node: may its pod start there, and if not, why? Cost grows with classes of equals. */
export function audit(workloads: readonly Workload[], nodes: readonly Node[], conditions: Conditions): Audit {
  const locked = lockedByName(conditions.lock?.images ?? [])
  const pods = podClasses({ workloads, locked, runtimeClasses: conditions.runtimeClasses ?? new Map() })
  const names = new Set(pods.flatMap(({ images }) => images.flatMap(({ name }) => name ?? [])))
  if (conditions.sandboxImage) names.add(conditions.sandboxImage)
  const classes = nodeClasses(knownNodes(nodes, locked, conditions), pods, [...names])
  const verdicts = classVerdicts(pods, classes, conditions)
  const runningOn = nodesOfWorkloads(conditions.livePods ?? [])
  const audits = new Map<Workload, WorkloadAudit>()
  for (const podClass of pods) {
    const common = verdicts.get(podClass) ?? []
    for (const workload of podClass.workloads) {
      const running = runningOn.get(workloadKey(workload.resource))
      const own = running ? besideItself(podClass, common, classes, running, conditions) : common
      audits.set(workload, { workload, podClass, verdict: workloadVerdict(own), nodes: own })
    }
  }
  return { nodeClasses: classes, workloads: workloads.map((workload) => audits.get(workload) as WorkloadAudit) }
}

/** The scheduler does not look at images, so a workload is safe only if each node that it may land on can start it. */
export function workloadVerdict(nodes: readonly NodeVerdict[]): WorkloadVerdict {
  const starts = nodes.filter(({ mayLand }) => mayLand).map((verdict) => verdict.starts)
  if (starts.every((answer) => answer === false)) return 'impossible'
  if (starts.includes(false)) return 'atRisk'
  return starts.includes(null) ? 'unknown' : 'safe'
}

/**
 * Pods that hold host ports come first, in the order of the input, as each is in the way of the next and of all pods
 * that are scheduled.
 */
function classVerdicts(
  pods: readonly PodClass[],
  classes: readonly NodeClass[],
  conditions: Conditions,
): ReadonlyMap<PodClass, readonly NodeVerdict[]> {
  const verdicts = new Map<PodClass, readonly NodeVerdict[]>()
  const nodes = classes.map((node) => ({ ...node }))
  for (const podClass of pods.filter(({ pod }) => holdsPorts(pod))) {
    const own = nodes.map((node) => podVerdict(podClass, node, conditions))
    verdicts.set(podClass, own)
    const [workload] = podClass.workloads
    const holder = workload ? nameOfResource(workload.resource) : ''
    const ports = podClass.pod.hostPorts.map((port) => ({ ...port, pod: holder }))
    for (const [index, node] of nodes.entries()) {
      const { mayLand, reason } = own[index] ?? { mayLand: false }
      if (!mayLand || reason === 'NodePorts') continue
      const use = node.use ?? NO_USE
      node.use = { ...use, ports: [...use.ports, ...ports] }
    }
  }
  for (const podClass of pods) {
    if (!verdicts.has(podClass))
      verdicts.set(
        podClass,
        nodes.map((node) => podVerdict(podClass, node, conditions)),
      )
  }
  return verdicts
}

/** Where a pod of the workload runs already, the room that it takes there is its own. */
function besideItself(
  podClass: PodClass,
  verdicts: readonly NodeVerdict[],
  classes: readonly NodeClass[],
  running: ReadonlySet<string>,
  conditions: Conditions,
): NodeVerdict[] {
  return verdicts.map((verdict, index) => {
    const node = classes[index]
    const isInTheWay = verdict.reason === 'NodePorts' || verdict.reason === 'NodeResourcesFit'
    if (!node || !isInTheWay || !node.nodes.every((name) => running.has(name))) return verdict
    return podVerdict(podClass, { ...node, use: undefined }, conditions)
  })
}

/** The images of a bundle under each of their names. */
export function lockedByName(images: readonly LockedImage[]): ReadonlyMap<string, LockedImage> {
  return new Map(images.flatMap((image) => image.names.map((name) => [name, image] as const)))
}

function* knownNodes(
  nodes: readonly Node[],
  locked: ReadonlyMap<string, LockedImage>,
  conditions: Conditions,
): Generator<AuditedNode> {
  const listingsOf = nodeListings(locked, conditions)
  const uses = conditions.livePods && nodeUses(conditions.livePods)
  for (const node of nodes) {
    const listings = listingsOf(node)
    const name = nameOfNode(node)
    const use = uses && (uses.get(name) ?? NO_USE)
    yield { node, use, kubelet: kubeletOf(conditions, name), presenceOf: (image) => presenceOf(image, listings) }
  }
}
