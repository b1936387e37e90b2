import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { Audit, WorkloadVerdict } from '../audit.ts'
import { countNodes } from '../findings/count-nodes.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { VERDICT_WORDS } from './severity.ts'

const WIDTH = 100

/**
 * The audit as lines of at most 100 characters: a line for each workload (on how many of the nodes that it may land on
 * it starts, how many pods it wants), and below one that is not safe the reasons, each with its nodes.
 */
export function* auditTable({ workloads, nodeClasses, fixesOf }: AuditResult): Generator<string> {
  yield row('VERDICT', 'STARTS ON', 'PODS', 'WORKLOAD')
  for (const audited of workloads) {
    const { starting, eligible } = countNodes(audited, nodeClasses)
    const { resource, replicas } = audited.workload
    const pods = replicas === undefined ? '-' : String(replicas)
    yield row(VERDICT_WORDS[audited.verdict], `${starting} of ${eligible}`, pods, nameOfResource(resource))
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

function row(verdict: string, starts: string, pods: string, workload: string): string {
  return cut(`${verdict.padEnd(11)} ${starts.padEnd(12)} ${pods.padStart(4)}  ${workload}`)
}

/** Breaks at spaces; a word that is longer than a line, such as an image by digest, is broken where the line ends. */
function* wrap(text: string): Generator<string> {
  const [indent, width] = ['            ', WIDTH - 12]
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const at = space > width / 3 ? space : width
    yield `${indent}${rest.slice(0, at)}`
    rest = rest.slice(at).trimStart()
  }
  yield `${indent}${rest}`
}

function cut(text: string): string {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text
}
