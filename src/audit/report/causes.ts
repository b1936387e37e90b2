import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { WorkloadAudit, WorkloadVerdict } from '../audit.ts'
import type { NodeVerdict } from '../verdict/verdict.ts'
import type { AuditResult } from './report.ts'

/** One thing that keeps workloads from being safe, with all that it keeps. */
export interface Cause {
  readonly reason: string
  readonly message: string
  /** Of the worst workload that has it. */
  readonly verdict: WorkloadVerdict
  readonly nodes: readonly string[]
  /** By name. */
  readonly workloads: readonly string[]
  /** What would help, where the same helps the first of them. */
  readonly fix: string | undefined
}

interface Group {
  readonly verdict: NodeVerdict
  /** Of nodes, by their index. */
  readonly classes: Set<number>
  readonly audits: WorkloadAudit[]
}

export const WORST_FIRST: readonly WorkloadVerdict[] = ['impossible', 'atRisk', 'unknown', 'safe']
/** Of so many workloads it is asked what would help: each answer costs a look at every class of nodes. */
const ASKED = 5

/**
 * Why workloads are not safe, each cause once, the worst first, then what keeps most of them. As with one workload: where
 * it may land somewhere, its being left out elsewhere is no cause.
 */
export function causesOf({ workloads, nodeClasses, fixesOf }: AuditResult): Cause[] {
  const groups = new Map<string, Group>()
  // Workloads of one class share their verdicts.
  const groupsOf = new Map<readonly NodeVerdict[], ReadonlySet<Group>>()
  for (const audited of workloads) {
    if (audited.verdict === 'safe') continue
    const own = groupsOf.get(audited.nodes) ?? groupsByVerdict(audited.nodes, groups)
    groupsOf.set(audited.nodes, own)
    for (const { audits } of own) audits.push(audited)
  }
  const causes = Array.from(groups.values(), ({ verdict: { reason = '', message = '' }, classes, audits }) => ({
    ...{ reason, message },
    verdict: WORST_FIRST.find((one) => audits.some(({ verdict }) => verdict === one)) ?? 'unknown',
    nodes: [...classes].flatMap((index) => nodeClasses[index]?.nodes ?? []),
    workloads: audits.map(({ workload }) => nameOfResource(workload.resource)),
    audits,
  }))
  const sorted = causes.toSorted(
    (a, b) =>
      WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict) || b.workloads.length - a.workloads.length,
  )
  return sorted.map(({ audits, ...cause }) => ({
    ...cause,
    get fix() {
      const fixes = new Set(audits.slice(0, ASKED).map((audited) => fixesOf(audited)[0]?.message))
      return fixes.size === 1 ? [...fixes][0] : undefined
    },
  }))
}

/** The groups, old and new, that these verdicts belong to. */
function groupsByVerdict(verdicts: readonly NodeVerdict[], groups: Map<string, Group>): Set<Group> {
  const isStuck = verdicts.every(({ mayLand }) => !mayLand)
  const own = new Set<Group>()
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.starts || (!verdict.mayLand && !isStuck)) continue
    const key = `${verdict.reason} ${verdict.message}`
    const group = groups.get(key) ?? { verdict, classes: new Set(), audits: [] }
    groups.set(key, group)
    group.classes.add(index)
    own.add(group)
  }
  return own
}
