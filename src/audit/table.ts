import { nameOfResource } from '../kubernetes/resource.ts'
import type { Audit, WorkloadAudit, WorkloadVerdict } from './audit.ts'
import type { NodeClass } from './node-classes.ts'
import type { NodeVerdict } from './verdict.ts'

const WIDTH = 100

const WORDS: Record<WorkloadVerdict, string> = {
  safe: 'safe',
  atRisk: 'at risk',
  impossible: 'impossible',
  unknown: 'unknown',
}

/**
 * The audit as lines of at most 100 characters: a line for each workload (on how many of the nodes that it may land on
 * it starts), and below one that is not safe the reasons, each with its nodes.
 */
export function* auditTable({ workloads, nodeClasses }: Audit): Generator<string> {
  yield row('VERDICT', 'STARTS ON', 'WORKLOAD')
  for (const audited of workloads) {
    const { starting, eligible } = countNodes(audited, nodeClasses)
    yield row(WORDS[audited.verdict], `${starting} of ${eligible}`, nameOfResource(audited.workload.resource))
    if (audited.verdict !== 'safe') yield* reasons(audited, nodeClasses)
  }
}

/** `2 safe, 1 at risk`. */
export function auditSummary({ workloads }: Audit): string {
  const verdicts: WorkloadVerdict[] = ['safe', 'atRisk', 'impossible', 'unknown']
  const counts = verdicts.map(
    (verdict) => [workloads.filter((one) => one.verdict === verdict).length, verdict] as const,
  )
  return counts.flatMap(([count, verdict]) => (count > 0 ? [`${count} ${WORDS[verdict]}`] : [])).join(', ')
}

/** On how many nodes a workload may land, and on how many of these it certainly starts. */
export function countNodes(
  { nodes: verdicts }: WorkloadAudit,
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

/** Where a pod may land, its being left out elsewhere is no news; where it may land nowhere, it is the answer. */
function* reasons({ nodes: verdicts }: WorkloadAudit, nodeClasses: readonly NodeClass[]): Generator<string> {
  const isStuck = verdicts.every(({ mayLand }) => !mayLand)
  const groups = new Map<string, { verdict: NodeVerdict; nodes: string[] }>()
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.starts || (!verdict.mayLand && !isStuck)) continue
    const key = `${verdict.reason} ${verdict.message}`
    const group = groups.get(key) ?? { verdict, nodes: [] }
    group.nodes.push(...(nodeClasses[index]?.nodes ?? []))
    groups.set(key, group)
  }
  for (const { verdict, nodes } of groups.values()) {
    yield* wrap(`${listNodes(nodes.sort())}: ${verdict.reason}: ${verdict.message}`)
  }
}

/** The first few by name, so that the line can be read; the number tells how many there are. */
function listNodes(nodes: readonly string[]): string {
  if (nodes.length <= 4) return nodes.join(', ')
  return `${nodes.slice(0, 3).join(', ')} and ${nodes.length - 3} more`
}

function row(verdict: string, starts: string, workload: string): string {
  return cut(`${verdict.padEnd(11)} ${starts.padEnd(14)} ${workload}`)
}

/** Breaks at spaces; a word that is longer than a line, such as an image by digest, is broken where the line ends. */
function* wrap(text: string): Generator<string> {
  const [indent, width] = ['            ', WIDTH - 12]
  let rest = text
  let lead = indent
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const at = space > width / 3 ? space : width
    yield `${lead}${rest.slice(0, at)}`
    rest = rest.slice(at).trimStart()
    lead = indent
  }
  yield `${lead}${rest}`
}

function cut(text: string): string {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text
}
