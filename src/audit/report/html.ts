import { lineOfResource } from '../../kubernetes/objects/resource.ts'
import { idleReason } from '../findings/accounting.ts'
import { countNodes } from '../findings/count-nodes.ts'
import { isOnlyPossible } from '../named/named-images.ts'
import { PRESENCE_WORDS, sayObstacles, sayUse } from '../named/named-words.ts'
import type { NodeVerdict } from '../verdict/verdict.ts'
import { causesOf, WORST_FIRST } from './causes.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { auditSummary } from './summary.ts'
import { workloadNames } from './workload-names.ts'

/** `worker-2` stands before `worker-10`. */
const BY_NUMBER = new Intl.Collator('en', { numeric: true })

/** So many causes are read before the table of workloads. */
const MOST_CAUSES = 30

/** The parts of the page, as files. */
export interface PageParts {
  readonly html: string
  readonly css: string
  readonly js: string
}

/** What a page says of itself to whoever signs it: terms and texts. */
export type About = readonly (readonly [term: string, text: string])[]

/** The audit as one page that needs nothing else: no network, no other file. */
export function auditHtml(result: AuditResult, { html, css, js }: PageParts, about: About = []): string {
  // Inside a script element nothing but `<` can end it. Replacements are functions, as `$` in a text means something.
  const data = JSON.stringify({ ...pageData(result), about }).replaceAll('<', '\\u003c')
  return html
    .replace('/*STYLE*/', () => css)
    .replace('/*SCRIPT*/', () => js)
    .replace('/*DATA*/', () => data)
}

/** Each class of pods has one row of outcomes, and each distinct outcome is there once. */
function pageData(result: AuditResult) {
  const { nodeClasses, workloads, findings, bytes, fixesOf } = result
  const outcomes = new Map<string, { index: number; verdict: NodeVerdict }>()
  const rows = new Map<readonly NodeVerdict[], { index: number; cells: readonly number[] }>()
  const outcomeIndex = (verdict: NodeVerdict): number => {
    const key = JSON.stringify(verdict)
    const known = outcomes.get(key)
    if (known) return known.index
    outcomes.set(key, { index: outcomes.size, verdict })
    return outcomes.size - 1
  }
  const rowIndex = (verdicts: readonly NodeVerdict[]): number => {
    const known = rows.get(verdicts)
    if (known) return known.index
    rows.set(verdicts, { index: rows.size, cells: verdicts.map(outcomeIndex) })
    return rows.size - 1
  }
  const nameOf = workloadNames(workloads)
  const described = workloads.map((audited) => {
    const { workload, verdict, podClass, nodes } = audited
    return {
      name: nameOf(audited),
      place: `${workload.resource.document.file}:${lineOfResource(workload.resource)}`,
      verdict,
      idle: idleReason(workload) ?? null,
      replicas: workload.replicas ?? null,
      ...countNodes(audited, nodeClasses),
      row: rowIndex(nodes),
      images: podClass.images.map(({ reference, policy }) => `${reference} (${policy})`),
      fixes: fixesOf(audited).map(({ message }) => message),
      reasons: verdict === 'safe' ? [] : reasonsOf(audited, nodeClasses),
    }
  })
  described.sort((a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict))
  const causes = causesOf(result)
  const nodes = nodeClasses.flatMap((nodeClass, index) =>
    nodeClass.nodes.map((name) => ({ name, index, ...(bytes.get(name) ?? { images: 0, bytes: 0, unneeded: 0 }) })),
  )
  return {
    nodes: nodes.sort((a, b) => BY_NUMBER.compare(a.name, b.name)),
    outcomes: Array.from(outcomes.values(), ({ verdict }) => verdict),
    rows: Array.from(rows.values(), ({ cells }) => cells),
    workloads: described,
    causeCount: causes.length,
    causes: causes.slice(0, MOST_CAUSES).map(({ reason, message, verdict, nodes: on, workloads: of, fix }) => ({
      ...{ reason, message, verdict, fix, nodes: on.length, workloads: of.length },
    })),
    summary: auditSummary(result).replaceAll('\n', '; '),
    named: namedRows(result, nodes.length),
    findings,
  }
}

/** The images that are named outside of judged pods, those that nobody is sure of last. */
function namedRows({ images }: AuditResult, total: number) {
  const rows = images.named.map((one) => ({
    image: one.image,
    isSure: !isOnlyPossible(one),
    presence: one.presence,
    word: PRESENCE_WORDS[one.presence],
    on: `${one.holders} of ${total}`,
    bundled: one.isBundled ?? null,
    namedBy: one.uses.map(sayUse),
    reasons: sayObstacles(one),
  }))
  return rows.sort((a, b) => Number(b.isSure) - Number(a.isSure))
}
