import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../bundle/format/lock.ts'
import { nameOfNode } from '../kubernetes/objects/node.ts'
import type { Workload } from '../kubernetes/objects/workload.ts'
import { type NodeClass, nodeClasses } from './classes/node-classes.ts'
import { type PodClass, podClasses } from './classes/pod-classes.ts'
import { type Conditions, kubeletOf } from './facts/conditions.ts'
import { type LiveUse, nodeUses, runningWorkloads } from './facts/live-pods.ts'
import { presenceOf } from './facts/node-images.ts'
import { nodeListings } from './facts/node-listings.ts'
import { type AuditedNode, type NodeVerdict, podVerdict } from './verdict/verdict.ts'

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

const NO_USE: LiveUse = { reserved: { pods: 0, requests: new Map() }, ports: [], parts: [] }

/** Asks for every workload and every node: may its pod start there, and if not, why? Cost grows with classes of equals. */
export function audit(workloads: readonly Workload[], nodes: readonly Node[], conditions: Conditions): Audit {
  const locked = lockedByName(conditions.lock?.images ?? [])
  const pods = podClasses({
    workloads,
    locked,
    runtimeClasses: conditions.runtimeClasses ?? new Map(),
    priorityClasses: conditions.priorityClasses ?? [],
    running: runningWorkloads(conditions.livePods ?? []),
  })
  const names = new Set(pods.flatMap(({ images }) => images.flatMap(({ name }) => name ?? [])))
  if (conditions.sandboxImage) names.add(conditions.sandboxImage)
  const classes = claimPorts(pods, nodeClasses(knownNodes(nodes, locked, conditions), pods, [...names]), conditions)
  const audits = new Map<Workload, WorkloadAudit>()
  for (const podClass of pods) {
    const own = classes.map((node) => podVerdict(podClass, node, conditions))
    const verdict = workloadVerdict(own)
    for (const workload of podClass.workloads) audits.set(workload, { workload, podClass, verdict, nodes: own })
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
 * The nodes with the host ports that audited pods are sure to take there: those of DaemonSets and of bound pods. In the
 * order of the input, each is in the way of the next, and of all pods that are scheduled.
 */
function claimPorts(pods: readonly PodClass[], classes: readonly NodeClass[], conditions: Conditions): NodeClass[] {
  let nodes: NodeClass[] = [...classes]
  for (const podClass of pods) {
    const { holder, pod } = podClass
    if (holder === undefined) continue
    const ports = pod.hostPorts.map((port) => ({ ...port, pod: holder }))
    nodes = nodes.map((node) => {
      const { mayLand, reason } = podVerdict(podClass, node, conditions)
      if (!mayLand || reason === 'NodePorts') return node
      return { ...node, claimed: [...(node.claimed ?? []), ...ports] }
    })
  }
  return nodes
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
