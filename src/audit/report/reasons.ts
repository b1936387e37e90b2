import { listNames } from '../../plural.ts'
import type { WorkloadAudit } from '../audit.ts'
import type { NodeClass } from '../classes/node-classes.ts'
import type { NodeVerdict } from '../verdict/verdict.ts'

/**
 * Why a workload is not safe: each reason once, with its nodes. Where it may land somewhere, its being left out elsewhere
 * is no news; where it may land nowhere, that is the answer.
 */
export function reasonsOf({ nodes: verdicts }: WorkloadAudit, nodeClasses: readonly NodeClass[]): string[] {
  const isStuck = verdicts.every(({ mayLand }) => !mayLand)
  const groups = new Map<string, { verdict: NodeVerdict; nodes: string[] }>()
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.starts || (!verdict.mayLand && !isStuck)) continue
    const key = `${verdict.reason} ${verdict.message}`
    const group = groups.get(key) ?? { verdict, nodes: [] }
    for (const name of nodeClasses[index]?.nodes ?? []) group.nodes.push(name)
    groups.set(key, group)
  }
  return Array.from(
    groups.values(),
    ({ verdict, nodes }) => `${listNames(nodes)}: ${verdict.reason}: ${verdict.message}`,
  )
}
