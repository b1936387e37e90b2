import { isArtifact, type LockedImage } from '../../bundle/format/lock.ts'
import { SEEDED, seedSetDigest } from '../../bundle/format/seed-set.ts'
import { type Finding, finding } from '../../finding.ts'
import type { FindingCode } from '../../finding-codes.ts'
import { admittedPod } from '../../kubernetes/admission/admitted-pod.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { placementRefusal } from '../../kubernetes/placement/placement.ts'
import { schedulablePod } from '../../kubernetes/scheduler/schedulable-pod.ts'
import { NodeLoad, runsOn } from '../nodes/node-load.ts'
import type { OutOfBandNode, SeedableNode } from '../nodes/seedable-node.ts'
import { imagesByName, workloadImages } from './workload-images.ts'

export const PLACEMENTS = ['all', 'eligible', 'minimal'] as const

/** Which nodes get a workload's images: all, those that it may run on, or as few as its spread needs. */
export type PlacementMode = (typeof PLACEMENTS)[number]

export interface PlacementOptions {
  readonly mode: PlacementMode
  /** With `minimal`: how many nodes each workload must be able to run on. */
  readonly spread: number
  /** Compressed bytes that no node may exceed. */
  readonly maxBytes: number
  /** Equal for nodes that get the same images, because one of them may run what needs these. */
  readonly poolOf?: ((node: SeedableNode) => string) | undefined
  /** Nodes that hold every image without being seeded here: what runs on one of them only is not in need of a place. */
  readonly outOfBand?: readonly OutOfBandNode[]
}

/** The images that nodes must hold together. */
export interface SeedSet {
  readonly digest: string
  readonly images: readonly LockedImage[]
  /** Names of the nodes, in the order of the nodes. */
  readonly nodes: readonly string[]
}

export interface Placement {
  readonly sets: readonly SeedSet[]
  /** The set that a workload's nodes are labelled with; none where nothing of it could be placed. */
  readonly setOf: ReadonlyMap<Workload, SeedSet>
  readonly loads: readonly NodeLoad[]
  readonly findings: readonly Finding[]
}

/** Images that one or more workloads need, and where they go. */
interface Share {
  readonly images: readonly LockedImage[]
  readonly workloads: readonly Workload[]
  readonly nodes: readonly string[]
}

/** Workloads that are equal as far as placement goes. */
interface WorkloadClass {
  readonly workloads: readonly [Workload, ...Workload[]]
  readonly found: readonly LockedImage[]
}

/**
 * Decides which node holds which images. Images that no given workload uses go everywhere: who needs them is not known.
 * Artifacts go nowhere.
 * Workloads whose images go to the same nodes share a seed set, so that there are few labels.
 */
export function placeImages(
  images: readonly LockedImage[],
  workloads: readonly Workload[],
  nodes: readonly SeedableNode[],
  options: PlacementOptions,
): Placement {
  const loads = nodes.map((node) => new NodeLoad(node, options.maxBytes))
  const findings: Finding[] = []
  const byName = imagesByName(images)
  const wanted = workloads.map((workload) => ({ workload, ...workloadImages(workload, byName) }))
  const used = new Set(options.mode === 'all' ? [] : wanted.flatMap(({ found }) => found))
  const unclaimed = images.filter((image) => !used.has(image) && !isArtifact(image))
  const shares: Share[] = unclaimed.length > 0 ? [placeEverywhere(unclaimed, loads, findings)] : []
  if (options.mode === 'all') return { ...setsOf(shares, workloads), loads, findings }

  // Large ones first: what comes later fits in between, and finds more layers that are there already.
  const classes = classesOf(wanted.filter(({ found }) => found.length > 0))
  for (const { workloads, found } of classes.sort((a, b) => bytesOf(b.found) - bytesOf(a.found))) {
    const [workload] = workloads
    const runsAt = placesOf(workload, found)
    const candidates = wholePools(
      loads.filter(({ node }) => runsAt(node)),
      loads,
      found,
      options,
    )
    if (candidates.length === 0 && !options.outOfBand?.some(runsAt)) findings.push(nowhere(workload, found, nodes))
    shares.push({ images: found, workloads, nodes: place(workload, found, candidates, options, findings) })
  }
  return { ...setsOf(shares, []), loads, findings }
}

/** With pools: every node of a pool that has a candidate. */
function wholePools(
  candidates: readonly NodeLoad[],
  loads: readonly NodeLoad[],
  images: readonly LockedImage[],
  { poolOf }: PlacementOptions,
): readonly NodeLoad[] {
  if (!poolOf) return candidates
  const pools = new Set(candidates.map(({ node }) => poolOf(node)))
  return loads.filter(({ node }) => pools.has(poolOf(node)) && images.every((image) => runsOn(image, node)))
}

function placeEverywhere(images: readonly LockedImage[], loads: readonly NodeLoad[], findings: Finding[]): Share {
  const able = loads.filter(({ node }) => images.some((image) => runsOn(image, node)))
  const nodes = fill(images, able, (load) => findings.push(tooSmall(load, 'the images that every node gets')))
  return { images, workloads: [], nodes }
}

function place(
  workload: Workload,
  images: readonly LockedImage[],
  candidates: readonly NodeLoad[],
  { mode, spread }: PlacementOptions,
  findings: Finding[],
): string[] {
  const what = `the images of ${nameOfResource(workload.resource)}`
  // A DaemonSet runs on every node that it may run on, so all of them need its images.
  if (mode === 'eligible' || workload.resource.kind === 'DaemonSet') {
    return fill(images, candidates, (load) => findings.push(tooSmall(load, what)))
  }
  const able = candidates.filter((load) => load.hasRoomFor(images))
  const cheapest = able
    .map((load) => ({ load, cost: load.cost(images) }))
    .sort(byCost)
    .slice(0, spread)
  if (candidates.length > 0 && cheapest.length < spread) {
    findings.push(tooFew(workload, cheapest.length, spread))
  }
  const chosen = new Set(cheapest.map(({ load }) => load))
  return fill(
    images,
    candidates.filter((load) => chosen.has(load)),
    () => {},
  )
}

function byCost(a: { load: NodeLoad; cost: number }, b: { load: NodeLoad; cost: number }): number {
  return a.cost - b.cost || a.load.bytes - b.load.bytes
}

function fill(images: readonly LockedImage[], loads: readonly NodeLoad[], onFull: (load: NodeLoad) => void): string[] {
  return loads.flatMap((load) => {
    if (!load.hasRoomFor(images)) {
      onFull(load)
      return []
    }
    load.add(images)
    return [load.node.name]
  })
}

/** One set for each list of nodes. */
function setsOf(shares: readonly Share[], everyone: readonly Workload[]): Pick<Placement, 'sets' | 'setOf'> {
  const groups = Map.groupBy(
    shares.filter(({ nodes }) => nodes.length > 0),
    ({ nodes }) => nodes.join(' '),
  )
  const setOf = new Map<Workload, SeedSet>()
  const sets = [...groups.values()].map((group): SeedSet => {
    const images = [...new Set(group.flatMap((share) => share.images))]
    const set = { digest: seedSetDigest({ images }), images, nodes: group[0]?.nodes ?? [] }
    for (const { workloads } of group) for (const workload of workloads) setOf.set(workload, set)
    for (const workload of everyone) setOf.set(workload, set)
    return set
  })
  return { sets, setOf }
}

function classesOf(wanted: readonly { workload: Workload; found: readonly LockedImage[] }[]): WorkloadClass[] {
  const groups = Map.groupBy(wanted, ({ workload, found }) => {
    const { nodeSelector, affinity, tolerations, nodeName, hostNetwork } = workload.podSpec
    const isDaemonSet = workload.resource.kind === 'DaemonSet'
    const names = found.map(({ reference }) => reference)
    return JSON.stringify([names, isDaemonSet, nodeSelector, affinity, tolerations, nodeName, hostNetwork])
  })
  return [...groups.values()].map((group) => ({
    workloads: group.map(({ workload }) => workload) as [Workload, ...Workload[]],
    found: group[0]?.found ?? [],
  }))
}

type Place = Pick<SeedableNode, 'node' | 'platform'>

/** Where a workload may run, and all its images have something for the node. */
export function placesOf(workload: Workload, images: readonly LockedImage[]): (node: Place) => boolean {
  const pod = schedulablePod(admittedPod({ ...workload, podSpec: withoutSeedLabels(workload) }))
  return (node) => images.every((image) => runsOn(image, node)) && placementRefusal(pod, node.node) === undefined
}

/** A manifest that was patched for an earlier set asks for labels that no node has yet. */
function withoutSeedLabels({ podSpec }: Workload): Workload['podSpec'] {
  const kept = Object.entries(podSpec.nodeSelector ?? {}).filter(
    ([key, value]) => !(value === SEEDED && /\/[0-9a-f]{16}$/.test(key)),
  )
  return { ...podSpec, nodeSelector: Object.fromEntries(kept) }
}

function bytesOf(images: readonly LockedImage[]): number {
  const layers = images.flatMap(({ platforms: [first] }) => first?.layers ?? [])
  return layers.reduce((sum, { size }) => sum + size, 0)
}

function nowhere(workload: Workload, found: readonly LockedImage[], nodes: readonly SeedableNode[]): Finding {
  const pod = schedulablePod(admittedPod({ ...workload, podSpec: withoutSeedLabels(workload) }))
  const reasons = new Set(
    found.filter(isArtifact).map(({ reference }) => `no container can start from ${reference}, which is an artifact`),
  )
  for (const { node } of reasons.size > 0 ? [] : nodes) {
    reasons.add(placementRefusal(pod, node)?.message ?? 'no image for its architecture')
  }
  const because = [...reasons].slice(0, 3).join('; ') || 'there is no node'
  return about(workload, 'NOT_PLACED', `no node may run it: ${because}`)
}

function tooFew(workload: Workload, count: number, spread: number): Finding {
  const problem = `only ${count} of the ${spread} nodes that its spread asks for can hold its images`
  return about(workload, count === 0 ? 'NOT_PLACED' : 'SPREAD_NOT_REACHED', problem)
}

function about({ resource }: Workload, code: FindingCode, problem: string): Finding {
  const { file, line } = resource.document
  return finding(code, `${nameOfResource(resource)}: ${problem}`, { file, line })
}

function tooSmall({ node, isCapped }: NodeLoad, what: string): Finding {
  const message = isCapped
    ? `node ${node.name}: ${what} would be more than --max-per-node`
    : `node ${node.name}: has no room for ${what}, compressed and unpacked`
  const hint = `${isCapped ? 'Raise --max-per-node' : 'Give the node a larger disk'}, leave images out, or place fewer with --place-on minimal.`
  return finding('NODE_TOO_SMALL', message, { hint })
}
