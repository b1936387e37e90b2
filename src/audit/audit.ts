import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../bundle/format/lock.ts'
import type { Workload } from '../kubernetes/objects/workload.ts'
import { type NodeClass, nodeClasses } from './classes/node-classes.ts'
import { type PodClass, podClasses } from './classes/pod-classes.ts'
import { quotaDemand } from './classes/quota-doubts.ts'
import { auditedNodes } from './facts/audited-node.ts'
import type { Conditions } from './facts/conditions.ts'
import { companyOf } from './facts/live/company.ts'
import { runningWorkloads } from './facts/live/live-pods.ts'
import { liveTerms } from './facts/live/live-terms.ts'
import { withScale } from './scaling.ts'
import { claimHolders, withAttaching } from './verdict/attaching.ts'
import { withClaimedPorts } from './verdict/claimed-ports.ts'
import { withCrowding } from './verdict/crowding.ts'
import { type NodeVerdict, podVerdict } from './verdict/verdict.ts'

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

/**
 * Asks for every workload and every node: may its pod start there, and if not, why? The way of a pod is template,
 * admitted pod, class of equal pods, placement, kubelet, images, verdict; cost grows with classes of equals.
 */
export function audit(told: readonly Workload[], nodes: readonly Node[], conditions: Conditions): Audit {
  const locked = lockedByName(conditions.lock?.images ?? [])
  const { livePods = [], autoscaled } = conditions
  const workloads = autoscaled ? told.map((workload) => withScale(workload, autoscaled)) : told
  const terms = liveTerms(livePods, nodes)
  const demand = quotaDemand(workloads, nodes, conditions)
  const company = companyOf(workloads, livePods)
  const pods = podClasses(workloads, {
    ...conditions,
    locked,
    running: runningWorkloads(livePods),
    terms,
    company,
    demand,
  })
  const names = new Set(pods.flatMap(({ images }) => images.flatMap(({ name }) => name ?? [])))
  if (conditions.sandboxImage) names.add(conditions.sandboxImage)
  const unclaimed = nodeClasses(auditedNodes(nodes, locked, conditions), pods, [...names])
  const classes = withClaimedPorts(pods, unclaimed)
  const holders = claimHolders(workloads, livePods)
  const audits = new Map<Workload, WorkloadAudit>()
  for (const podClass of pods) {
    const own = classes.map((node) => podVerdict(podClass, node, conditions))
    const ownVerdict = workloadVerdict(own)
    for (const workload of podClass.workloads) {
      const crowded = withCrowding(podClass, workload, own, { nodes, classes })
      const verdicts = withAttaching(podClass, workload, crowded, classes, holders)
      const verdict = verdicts === own ? ownVerdict : workloadVerdict(verdicts)
      audits.set(workload, { workload, podClass, verdict, nodes: verdicts })
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

/** The images of a bundle under each of their names. */
export function lockedByName(images: readonly LockedImage[]): ReadonlyMap<string, LockedImage> {
  return new Map(images.flatMap((image) => image.names.map((name) => [name, image] as const)))
}
