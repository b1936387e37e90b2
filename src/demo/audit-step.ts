import type { Node } from 'kubernetes-types/core/v1.js'
import { audit } from '../audit/audit.ts'
import type { Conditions } from '../audit/facts/conditions.ts'
import { countNodes } from '../audit/findings/count-nodes.ts'
import { auditSummary } from '../audit/report/summary.ts'
import { nameOfResource } from '../kubernetes/objects/resource.ts'
import type { Workload } from '../kubernetes/objects/workload.ts'
import type { Step } from './step.ts'

/** What an audit looks at. */
export interface Audited {
  readonly workloads: readonly Workload[]
  readonly nodes: readonly Node[]
  /** What the seed labels of the nodes stand for. */
  readonly seedSets?: NonNullable<Conditions['seedSets']>
}

/** `nodeseed audit` in short: a line for each workload. */
export function auditStep(title: string, args: string, { workloads, nodes, seedSets }: Audited): Step {
  const result = audit(workloads, nodes, seedSets ? { seedSets } : {})
  const lines = result.workloads.map((audited) => {
    const { starting, eligible } = countNodes(audited, result.nodeClasses)
    const reason = audited.nodes.find((verdict) => !verdict.starts && verdict.mayLand)?.reason
    const why = audited.verdict === 'safe' ? '' : ` (${reason})`
    return `${nameOfResource(audited.workload.resource)} starts on ${starting} of ${eligible} nodes${why}`
  })
  return { title, command: `nodeseed audit ${args}`, said: [`${auditSummary(result)}:`, ...lines] }
}
