import type { Node } from 'kubernetes-types/core/v1.js'
import { SEEDED } from '../bundle/format/seed-set.ts'
import { valueAt } from '../kubernetes/documents/path.ts'
import { nameOfNode } from '../kubernetes/objects/node.ts'
import { type Workload, workloadOf } from '../kubernetes/objects/workload.ts'
import type { SeedingPlan } from '../seed/plan.ts'

/**
 * The nodes as they are once seeding is done and the plan's label script has run: each placed node has the label of its
 * sets, and its kubelet lists their images.
 */
export function seededNodes(nodes: readonly Node[], plan: SeedingPlan): Node[] {
  const setOf = new Map(plan.sets.map((set) => [set.digest, set]))
  const digestsOf = new Map(plan.nodes.map(({ node, sets }) => [node, sets]))
  return nodes.map((node) => {
    const sets = (digestsOf.get(nameOfNode(node)) ?? []).flatMap((digest) => setOf.get(digest) ?? [])
    const labels = { ...node.metadata?.labels, ...Object.fromEntries(sets.map(({ label }) => [label, SEEDED])) }
    const names = [...new Set(sets.flatMap(({ images }) => images))]
    const images = [...(node.status?.images ?? []), ...names.map((name) => ({ names: [name] }))]
    return { ...node, metadata: { ...node.metadata, labels }, status: { ...node.status, images } }
  })
}

/** The workloads as the plan's kustomize component makes them: with its node selectors added. */
export function selectingWorkloads(workloads: readonly Workload[], plan: SeedingPlan): Workload[] {
  return workloads.flatMap((workload, index) => {
    const value = structuredClone(workload.resource.value)
    const podSpec = valueAt(value, [...workload.templatePath, 'spec']) as Record<string, unknown>
    podSpec.nodeSelector = { ...workload.podSpec.nodeSelector, ...plan.workloads[index]?.nodeSelector }
    return workloadOf({ ...workload.resource, value }) ?? []
  })
}
