import type { Node } from 'kubernetes-types/core/v1.js'
import { isArtifact, type Lock, type LockedImage } from '../bundle/format/lock.ts'
import { seedSetDigest } from '../bundle/format/seed-set.ts'
import type { Finding } from '../finding.ts'
import type { Workload } from '../kubernetes/objects/workload.ts'
import { placeOfWorkload } from '../kubernetes/places/pod-places.ts'
import { digestOf } from '../oci/digest.ts'
import { formatPlatform } from '../oci/platform.ts'
import type { GeneratedFile } from './files/generated-file.ts'
import { guardResources } from './guard/guard.ts'
import { guardOf } from './guard/guard-of.ts'
import { type MethodName, methodNamed } from './methods/methods.ts'
import { artifactFindings } from './nodes/artifact-findings.ts'
import { groupNodes, groupPrefix } from './nodes/node-group.ts'
import { pinnedOnOpenShift } from './nodes/openshift.ts'
import { prepareNodes } from './nodes/out-of-band-nodes.ts'
import { platformFindings } from './nodes/platform-findings.ts'
import { poolKey, withoutStartupTaint } from './nodes/pool.ts'
import { type SeedableNode, seedableNodes } from './nodes/seedable-node.ts'
import { selectPools } from './nodes/select-pools.ts'
import { renderLabelScript } from './output/label-script.ts'
import type { SeededGroup } from './output/seeding.ts'
import { seedingResources } from './output/seeding-resources.ts'
import { kustomizeComponent } from './patch/kustomize-component.ts'
import { podEdits } from './patch/pod-edit.ts'
import { selectNodes, type WorkloadPatch } from './patch/workload-patch.ts'
import { type Placement, placeImages, type SeedSet } from './placement/placement.ts'
import { type SeedLabel, seedLabel } from './placement/seed-label.ts'
import { imagesByName, workloadImages } from './placement/workload-images.ts'
import { obsoleteFiles, previousFindings, replacedBundle } from './previous/previous-seeding.ts'
import type { SeedingOptions } from './seeding-options.ts'

/** What seeding decided, and the files that carry it out. */
export interface SeedingPlan {
  readonly namespace: string
  readonly bundlePath: string
  readonly sets: readonly {
    readonly name: string
    readonly digest: string
    readonly label: string
    readonly images: readonly string[]
    /** What each of these names stands for, in their order. */
    readonly digests: readonly string[]
    readonly nodes: readonly string[]
  }[]
  readonly nodes: readonly NodePlacement[]
  /** Nodes that no pod seeds: what they hold comes from outside, and nothing here labels them. */
  readonly prepared: readonly { readonly node: string; readonly method: MethodName }[]
  readonly workloads: readonly {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string | undefined
    readonly name: string
    readonly nodeSelector: Readonly<Record<string, string>>
  }[]
  readonly findings: readonly Finding[]
  readonly files: readonly GeneratedFile[]
}

/** What one node is to hold. */
export interface NodePlacement {
  readonly node: string
  readonly platform: string
  /** How it gets there. */
  readonly method: MethodName
  /** The distribution's own word for the cluster. */
  readonly profile?: string
  /** The DaemonSet group that brings it. */
  readonly group: string
  /** Digests of its seed sets. */
  readonly sets: readonly string[]
  /** What its seeding pod reports: the digest of all its sets together. */
  readonly seeded: string
  readonly images: number
  /** Compressed, each blob once. */
  readonly bytes: number
}

/**
 * Decides what every node gets, and writes down what brings it there.
 *
 * @throws {ExpectedError} USAGE for a set or a domain that cannot be a label; INPUT_INVALID for a node's name
 */
export function planSeeding(
  lock: Lock,
  nodes: readonly Node[],
  workloads: readonly Workload[],
  options: SeedingOptions,
): SeedingPlan {
  const { seedable, outOfBand, findings } = seedableNodes(nodes.map(withoutStartupTaint), options)
  const { placement: mode = 'eligible', spread = 1, maxBytes = Number.POSITIVE_INFINITY, poolLabels } = options
  const poolOf = poolLabels && ((node: SeedableNode) => poolKey(node, poolLabels))
  const placement = placeImages(lock.images, workloads, seedable, { mode, spread, maxBytes, outOfBand, poolOf })
  const labels = new Map(placement.sets.map((set) => [set, seedLabel(options.set, set.digest, options.labelDomain)]))
  const setsByNode = new Map<string, SeedSet[]>()
  for (const set of placement.sets)
    for (const node of set.nodes) setsByNode.set(node, [...(setsByNode.get(node) ?? []), set])
  const setsOf = (node: string) => setsByNode.get(node) ?? []
  const grouped = groupNodes(seedable, ({ name }) => setsOf(name).map(({ digest }) => digest), {
    poolOf,
    prefix: groupPrefix(options.set),
  })
  const pooled = poolLabels ? selectPools(grouped, seedable, poolLabels) : { groups: grouped, findings: [] }
  const bytesOn = new Map(placement.loads.map((load) => [load.node.name, load.bytes]))
  const groups = pooled.groups.map((group) => {
    const held = placement.sets.filter(({ digest }) => group.sets.includes(digest))
    const images = [...new Set(held.flatMap((set) => set.images))]
    return {
      ...group,
      lock: { ...lock, images: inOrderOf(lock, images) },
      features: options.nfd ? held.map((set) => formatLabel(labels.get(set))) : [],
      labels: held.flatMap((set) => labels.get(set)?.key ?? []),
      bytes: bytesOn.get(group.nodes[0]?.name ?? '') ?? 0,
    }
  })
  const seeded = new Map(groups.flatMap((group) => group.nodes.map(({ name }) => [name, group] as const)))
  const placed = nodePlacements(placement, seeded, setsOf)
  const patches = patchesFor(lock, workloads, placement, labels)
  const component = kustomizeComponent(
    patches.map(({ workload, nodeSelector }) => {
      const place = placeOfWorkload(workload)
      return { place, edits: podEdits(place, { nodeSelector }).edits }
    }),
    options.renderingOf,
  )
  const seeding = { ...options, bundle: lock, scriptDigest: digestOf(options.script).slice(0, 'sha256:'.length + 16) }
  const { registry: url, registryCa: ca } = options
  const running = lock.images.filter((image) => !isArtifact(image))
  const registry = url === undefined ? undefined : { url, ca, needsPassword: options.pullSecret !== undefined }
  const preparation = prepareNodes(outOfBand, running, registry)
  const openShift = pinnedOnOpenShift(groups, options.set, registry)
  const task = {
    namespace: options.namespace,
    prefix: `${options.set}.${options.labelDomain}`,
    nodes: placed.map(({ node, seeded }) => ({
      node,
      setDigest: seeded,
      labels: setsOf(node).map((set) => formatLabel(labels.get(set))),
    })),
  }
  const sets = placement.sets.map((set) => ({
    name: options.set,
    digest: set.digest,
    label: labels.get(set)?.key ?? '',
    images: set.images.flatMap(({ names }) => names),
    digests: set.images.flatMap(({ names, target }) => names.map(() => target.digest)),
    nodes: set.nodes,
  }))
  const patched = patches.map(({ workload: { resource }, nodeSelector }) => {
    const { apiVersion, kind, namespace, name } = resource
    return { apiVersion, kind, namespace, name, nodeSelector }
  })
  const { previous } = options
  const written = [
    ...seedingResources(groups, seeding, options.script),
    ...(options.guard ? guardResources(guardOf(options.guard, placement, labels, workloads, nodes, options)) : []),
    ...openShift.files,
  ]
  return {
    namespace: options.namespace,
    bundlePath: options.bundlePath,
    sets,
    nodes: placed,
    prepared: outOfBand.map(({ name, method }) => ({ node: name, method })),
    workloads: patched,
    findings: [
      ...findings,
      ...artifactFindings(lock),
      ...preparation.findings,
      ...openShift.findings,
      ...pooled.findings,
      ...runtimeFindings(groups),
      ...platformFindings(lock.images, seedable),
      ...placement.findings,
      ...patches.flatMap((patch) => patch.findings),
      ...component.findings,
      ...(previous ? previousFindings(previous, { sets, workloads: patched }, written) : []),
      ...(previous && registry === undefined ? replacedBundle(previous, { sets, bundlePath: options.bundlePath }) : []),
    ],
    files: [
      { path: 'seed.sh', content: options.script, executable: true },
      { path: 'labels.sh', content: renderLabelScript(task), executable: true },
      ...written,
      ...(previous ? obsoleteFiles(previous, written) : []),
      ...preparation.files,
      ...component.files.map((file) => ({ ...file, path: `workloads/${file.path}` })),
    ],
  }
}

function nodePlacements(
  { loads }: Placement,
  groups: ReadonlyMap<string, { readonly name: string; readonly sets: readonly string[]; readonly lock: Lock }>,
  setsOf: (node: string) => readonly { readonly digest: string }[],
): NodePlacement[] {
  const digests = new Map([...new Set(groups.values())].map((group) => [group, seedSetDigest(group.lock)]))
  return loads.flatMap(({ node, imageCount, bytes }) => {
    const group = groups.get(node.name)
    if (!group) return []
    return {
      node: node.name,
      platform: formatPlatform(node.platform),
      method: node.method,
      ...profileOf(node),
      group: group.name,
      sets: setsOf(node.name).map(({ digest }) => digest),
      seeded: digests.get(group) ?? '',
      images: imageCount,
      bytes,
    }
  })
}

function profileOf({ method, node }: SeedableNode): { profile?: string } {
  const { seeding } = methodNamed(method)
  const profile = seeding?.by === 'pod' ? seeding.profileOf?.(node) : undefined
  return profile === undefined ? {} : { profile }
}

/** What the runtimes of some groups cannot do with some of their images. */
function runtimeFindings(groups: readonly SeededGroup[]): Finding[] {
  const byRuntime = Map.groupBy(groups, ({ runtime }) => runtime)
  return [...byRuntime].flatMap(([runtime, having]) => {
    const loads = having.map(({ nodes, lock }) => ({ nodeNames: nodes.map(({ name }) => name), images: lock.images }))
    return runtime.findings?.(loads) ?? []
  })
}

function patchesFor(
  lock: Lock,
  workloads: readonly Workload[],
  { setOf }: Placement,
  labels: ReadonlyMap<SeedSet, SeedLabel>,
): WorkloadPatch[] {
  const byName = imagesByName(lock.images)
  return workloads.map((workload) => {
    const set = setOf.get(workload)
    return selectNodes(workload, workloadImages(workload, byName), set && labels.get(set))
  })
}

function inOrderOf(lock: Lock, images: readonly LockedImage[]): LockedImage[] {
  const wanted = new Set(images)
  return lock.images.filter((image) => wanted.has(image))
}

function formatLabel(label: SeedLabel | undefined): string {
  return label ? `${label.key}=${label.value}` : ''
}
