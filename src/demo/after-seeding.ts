import type { Node } from 'kubernetes-types/core/v1.js'
import { SEEDED } from '../bundle/format/seed-set.ts'
import { valueAt } from '../kubernetes/documents/path.ts'
import { nameOfNode } from '../kubernetes/objects/node.ts'
import { type Workload, workloadOf } from '../kubernetes/objects/workload.ts'
import type { SeedingPlan } from '../seed/plan.ts'

/** The nodes as they are once the plan's label script has run: each placed node has the label of its sets. */
export function labelledNodes(nodes: readonly Node[], plan: SeedingPlan): Node[] {
  const labelOf = new Map(plan.sets.map(({ digest, label }) => [digest, label]))
  const setsOf = new Map(plan.nodes.map(({ node, sets }) => [node, sets]))
  return nodes.map((node) => {
    const keys = (setsOf.get(nameOfNode(node)) ?? []).flatMap((set) => labelOf.get(set) ?? [])
    const labels = { ...node.metadata?.labels, ...Object.fromEntries(keys.map((key) => [key, SEEDED])) }
    return { ...node, metadata: { ...node.metadata, labels } }
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
