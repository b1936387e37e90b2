import type { WorkloadAudit } from '../audit.ts'
import type { NodeClass } from '../classes/node-classes.ts'

/** On how many nodes a workload may land, and on how many of these it certainly starts. */
export function countNodes(
  { nodes: verdicts }: Pick<WorkloadAudit, 'nodes'>,
  nodeClasses: readonly NodeClass[],
): { starting: number; eligible: number } {
  let [starting, eligible] = [0, 0]
  for (const [index, verdict] of verdicts.entries()) {
    const count = nodeClasses[index]?.nodes.length ?? 0
    if (verdict.starts) starting += count
    if (verdict.mayLand) eligible += count
  }
  return { starting, eligible }
}
