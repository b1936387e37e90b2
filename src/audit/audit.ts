import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../inventory.ts'
import type { Workload } from '../kubernetes/workload.ts'
import { isSeeded, seedSetDigest } from '../seed-set.ts'
import type { Conditions } from './conditions.ts'
import { type KnownNode, type NodeClass, nodeClasses } from './node-classes.ts'
import { bundleListing, type ImageListing, presenceOf, statusListing } from './node-images.ts'
import { podClasses } from './pod-classes.ts'
import { isLeftOut, type NodeVerdict, podVerdict } from './verdict.ts'

/** Safe: wherever it may land, it starts. At risk: not everywhere. Impossible: nowhere. */
export type WorkloadVerdict = 'safe' | 'atRisk' | 'impossible' | 'unknown'

export interface WorkloadAudit {
  readonly workload: Workload
  readonly verdict: WorkloadVerdict
  /** One for each class of nodes, in their order. */
  readonly nodes: readonly NodeVerdict[]
}

export interface Audit {
  readonly nodeClasses: readonly NodeClass[]
  readonly workloads: readonly WorkloadAudit[]
}

/** Asks for every workload and every node: may its pod start there, and if not, why? Cost grows with classes of equals. */
export function audit(workloads: readonly Workload[], nodes: readonly Node[], conditions: Conditions): Audit {
  const locked = lockedByName(conditions.lock?.images ?? [])
  const pods = podClasses(workloads, (name) => locked.get(name))
  const names = new Set(pods.flatMap(({ images }) => images.flatMap(({ name }) => name ?? [])))
  if (conditions.sandboxImage) names.add(conditions.sandboxImage)
  const nodeGroups = nodeClasses(knownNodes(nodes, locked, conditions), pods, [...names])
  const audits = new Map<Workload, WorkloadAudit>()
  for (const pod of pods) {
    const verdicts = nodeGroups.map((node) => podVerdict(pod, node, conditions))
    const verdict = workloadVerdict(verdicts)
    for (const workload of pod.workloads) audits.set(workload, { workload, verdict, nodes: verdicts })
  }
  return { nodeClasses: nodeGroups, workloads: workloads.map((workload) => audits.get(workload) as WorkloadAudit) }
}

/** The scheduler does not look at images, so a workload is safe only if each node that it may land on can start it. */
export function workloadVerdict(nodes: readonly NodeVerdict[]): WorkloadVerdict {
  const starts = nodes.filter((verdict) => !isLeftOut(verdict)).map((verdict) => verdict.starts)
  if (starts.every((answer) => answer === false)) return 'impossible'
  if (starts.includes(false)) return 'atRisk'
  return starts.includes(null) ? 'unknown' : 'safe'
}

function lockedByName(images: readonly LockedImage[]): ReadonlyMap<string, LockedImage> {
  return new Map(images.flatMap((image) => image.names.map((name) => [name, image] as const)))
}

function* knownNodes(
  nodes: readonly Node[],
  locked: ReadonlyMap<string, LockedImage>,
  { lock, assumeSeeded, maxImages }: Conditions,
): Generator<KnownNode> {
  const bundle = lock && { digest: seedSetDigest(lock), listing: bundleListing(locked.keys()) }
  for (const node of nodes) {
    const listings: ImageListing[] = [statusListing(node, maxImages)]
    if (bundle && (assumeSeeded || isSeeded(node.metadata?.labels, bundle.digest))) listings.push(bundle.listing)
    yield { node, presenceOf: (name) => presenceOf(name, listings) }
  }
}
