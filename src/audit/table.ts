import { nameOfResource } from '../kubernetes/resource.ts'
import type { Audit, WorkloadVerdict } from './audit.ts'
import { countNodes } from './count-nodes.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { VERDICT_WORDS } from './severity.ts'

const WIDTH = 100

/**
 * The audit as lines of at most 100 characters: a line for each workload (on how many of the nodes that it may land on
 * it starts), and below one that is not safe the reasons, each with its nodes.
 */
export function* auditTable({ workloads, nodeClasses, fixesOf }: AuditResult): Generator<string> {
  yield row('VERDICT', 'STARTS ON', 'WORKLOAD')
  for (const audited of workloads) {
    const { starting, eligible } = countNodes(audited, nodeClasses)
    yield row(VERDICT_WORDS[audited.verdict], `${starting} of ${eligible}`, nameOfResource(audited.workload.resource))
    if (audited.verdict === 'safe') continue
    for (const reason of reasonsOf(audited, nodeClasses)) yield* wrap(reason)
    const [fix] = fixesOf(audited)
    if (fix) yield* wrap(`fix: ${fix.message}`)
  }
}

/** `2 safe, 1 at risk`. */
export function auditSummary({ workloads }: Audit): string {
  const verdicts: WorkloadVerdict[] = ['safe', 'atRisk', 'impossible', 'unknown']
  const counts = verdicts.map(
    (verdict) => [workloads.filter((one) => one.verdict === verdict).length, verdict] as const,
  )
  return counts.flatMap(([count, verdict]) => (count > 0 ? [`${count} ${VERDICT_WORDS[verdict]}`] : [])).join(', ')
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
