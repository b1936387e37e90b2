import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { countOf, listNames } from '../../plural.ts'
import { countNodes } from '../findings/count-nodes.ts'
import { PRESENCE_WORDS, sayObstacles, sayUses } from '../named/named-words.ts'
import { sayNotJudged } from '../not-judged.ts'
import { type Cause, causesOf } from './causes.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { seedingRows } from './seeding-rows.ts'
import { VERDICT_WORDS } from './severity.ts'
import { sureImages } from './summary.ts'
import { workloadNames } from './workload-names.ts'

/** A line of an audit for people: cells of a row, or a text that belongs to the row above; nothing is between two parts. */
export type AuditLine =
  | { readonly verdict: string; readonly starts: string; readonly pods: string; readonly name: string }
  | { readonly text: string }

/** Rows of one kind are said one by one up to so many; of more it is said what they have in common. */
const SHOWN = 40

/**
 * The audit for people: a row for each workload (on how many of the nodes that it may land on it starts, how many pods it
 * wants), and below one that is not safe the reasons, each with its nodes; of many workloads the causes instead, unless
 * `all` are wanted. Then what is not judged; then the images that are named outside of judged pods.
 */
export function* auditTable(result: AuditResult, { all = false } = {}): Generator<AuditLine> {
  const rows = result.workloads.length + result.notJudged.length
  if (rows > 0) {
    if (all || result.workloads.length <= SHOWN) yield* workloadRows(result)
    else yield* causeRows(result)
  }
  const { notJudged } = result
  for (const { images, why, ...resource } of all ? notJudged : notJudged.slice(0, SHOWN)) {
    yield { verdict: 'not judged', starts: '-', pods: '-', name: nameOfResource(resource) }
    yield { text: sayNotJudged({ images, why }) }
  }
  yield* all ? [] : hidden(notJudged.length - SHOWN, 'resource', 'resources that are not judged')
  yield* imageRows(result, all)
  yield* setRows(result, all)
}

function* workloadRows({ workloads, nodeClasses, fixesOf }: AuditResult): Generator<AuditLine> {
  yield { verdict: 'VERDICT', starts: 'STARTS ON', pods: 'PODS', name: 'WORKLOAD' }
  const nameOf = workloadNames(workloads)
  for (const audited of workloads) {
    const { starting, eligible } = countNodes(audited, nodeClasses)
    const { replicas } = audited.workload
    const pods = replicas === undefined ? '-' : String(replicas)
    const verdict = VERDICT_WORDS[audited.verdict]
    yield { verdict, starts: `${starting} of ${eligible}`, pods, name: nameOf(audited) }
    if (audited.verdict === 'safe') continue
    for (const text of reasonsOf(audited, nodeClasses)) yield { text }
    const [fix] = fixesOf(audited)
    if (fix) yield { text: `fix: ${fix.message}` }
  }
}

function* causeRows(result: AuditResult): Generator<AuditLine> {
  const causes = causesOf(result)
  if (causes.length === 0) return
  yield { verdict: 'VERDICT', starts: 'WORKLOADS', pods: '', name: 'CAUSE' }
  for (const cause of causes.slice(0, SHOWN)) {
    const { reason, message, verdict, workloads } = cause
    yield {
      ...{ verdict: VERDICT_WORDS[verdict], starts: String(workloads.length), pods: '' },
      name: `${reason}: ${message}`,
    }
    yield* causeTexts(cause)
  }
  yield* hidden(causes.length - SHOWN, 'cause', 'causes')
}

function* causeTexts({ nodes, workloads, fix }: Cause): Generator<AuditLine> {
  yield { text: `on ${countOf(nodes.length, 'node')}: ${listNames(nodes)}` }
  yield { text: `${countOf(workloads.length, 'workload')}: ${listNames(workloads)}` }
  if (fix !== undefined) yield { text: `fix: ${fix}` }
}

function* hidden(count: number, one: string, many: string): Generator<AuditLine> {
  if (count > 0) yield { text: `and ${countOf(count, `more ${one}`, `more ${many}`)}, which --all shows` }
}

function* imageRows({ images, nodeClasses, workloads, notJudged }: AuditResult, all: boolean): Generator<AuditLine> {
  const named = sureImages(images.named)
  if (named.length === 0) return
  const total = nodeClasses.reduce((sum, { nodes }) => sum + nodes.length, 0)
  if (workloads.length + notJudged.length > 0) yield { text: '' }
  yield { verdict: 'IMAGE IS', starts: 'ON NODES', pods: '', name: 'NAMED OUTSIDE OF THE PODS ABOVE' }
  const lacking = named.filter(({ presence }) => presence !== 'everywhere')
  const shown = all || named.length <= SHOWN ? named : lacking.slice(0, SHOWN)
  for (const image of shown) {
    const { presence, holders } = image
    yield { verdict: PRESENCE_WORDS[presence], starts: `${holders} of ${total}`, pods: '-', name: image.image }
    if (presence === 'everywhere') continue
    for (const text of [sayUses(image), ...sayObstacles(image)]) yield { text }
  }
  yield* hidden(named.length - shown.length, 'image', 'images')
}

function* setRows({ seeding }: AuditResult, all: boolean): Generator<AuditLine> {
  const rows = seedingRows(seeding)
  if (rows.length === 0) return
  yield { text: '' }
  yield { verdict: 'SEED SET IS', starts: 'ON NODES', pods: 'NAMES', name: 'LABEL' }
  for (const { set, nodes, texts } of all ? rows : rows.slice(0, SHOWN)) {
    const names = set.names === null ? '-' : String(set.names)
    yield { verdict: set.state, starts: `${nodes.length} of ${seeding.length}`, pods: names, name: set.label }
    for (const text of texts) yield { text }
  }
  yield* all ? [] : hidden(rows.length - SHOWN, 'set', 'sets')
  const without = seeding.filter(({ sets }) => sets.length === 0).map(({ node }) => node)
  if (without.length > 0) yield { text: `no set on ${countOf(without.length, 'node')}: ${listNames(without)}` }
}
