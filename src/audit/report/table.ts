import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { listNames } from '../../plural.ts'
import type { Audit, WorkloadVerdict } from '../audit.ts'
import { idleReason } from '../findings/accounting.ts'
import { countNodes } from '../findings/count-nodes.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { VERDICT_WORDS } from './severity.ts'

const WIDTH = 100

/**
 * The audit as lines of at most 100 characters: a line for each workload (on how many of the nodes that it may land on
 * it starts, how many pods it wants), and below one that is not safe the reasons, each with its nodes; then what is not
 * judged.
 */
export function* auditTable({ workloads, notJudged, nodeClasses, fixesOf }: AuditResult): Generator<string> {
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
  for (const { images, why, ...resource } of notJudged) {
    yield row('not judged', '-', '-', nameOfResource(resource))
    yield* wrap(`${why}: ${listNames(images)}`)
  }
}

/** `7 safe, 1 at risk, 1 not judged`; of those that want no pods now, how many there are. */
export function auditSummary({ workloads, notJudged = [] }: Audit & Partial<Pick<AuditResult, 'notJudged'>>): string {
  const verdicts: WorkloadVerdict[] = ['safe', 'atRisk', 'impossible', 'unknown']
  const counts = verdicts.map(
    (verdict) => [workloads.filter((one) => one.verdict === verdict).length, verdict] as const,
  )
  const said = counts.flatMap(([count, verdict]) => (count > 0 ? [`${count} ${VERDICT_WORDS[verdict]}`] : []))
  if (notJudged.length > 0) said.push(`${notJudged.length} not judged`)
  const idle = workloads.filter(({ workload }) => idleReason(workload) !== undefined).length
  return `${said.join(', ')}${idle > 0 ? ` (${idle} of them ${idle === 1 ? 'wants' : 'want'} no pods now)` : ''}`
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
