import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { countNodes } from '../findings/count-nodes.ts'
import { PRESENCE_WORDS, sayObstacles, sayUses } from '../named/named-words.ts'
import { sayNotJudged } from '../not-judged.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { VERDICT_WORDS } from './severity.ts'
import { sureImages } from './summary.ts'

const WIDTH = 100
/** What stands before the name in a row. */
const ROW_HEAD = 31

/**
 * The audit as lines of at most 100 characters: a line for each workload (on how many of the nodes that it may land on
 * it starts, how many pods it wants), and below one that is not safe the reasons, each with its nodes; then what is not
 * judged; then the images that are named outside of judged pods.
 */
export function* auditTable(result: AuditResult): Generator<string> {
  const { workloads, notJudged, nodeClasses, fixesOf } = result
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
    yield* wrap(sayNotJudged({ images, why }))
  }
  yield* imageRows(result)
}

function* imageRows({ images, nodeClasses }: AuditResult): Generator<string> {
  const named = sureImages(images.named)
  if (named.length === 0) return
  const total = nodeClasses.reduce((sum, { nodes }) => sum + nodes.length, 0)
  yield ''
  yield row('IMAGE IS', 'ON NODES', '', 'NAMED OUTSIDE OF THE PODS ABOVE')
  for (const image of named) {
    const { presence, holders } = image
    const [name = '', ...rest] = wrapAt(image.image, WIDTH - ROW_HEAD)
    yield row(PRESENCE_WORDS[presence], `${holders} of ${total}`, '-', name)
    for (const line of rest) yield `${' '.repeat(ROW_HEAD)}${line}`
    if (presence === 'everywhere') continue
    for (const text of [sayUses(image), ...sayObstacles(image)]) yield* wrap(text)
  }
}

function row(verdict: string, starts: string, pods: string, workload: string): string {
  return cut(`${verdict.padEnd(11)} ${starts.padEnd(12)} ${pods.padStart(4)}  ${workload}`)
}

function* wrap(text: string): Generator<string> {
  const indent = '            '
  for (const line of wrapAt(text, WIDTH - indent.length)) yield `${indent}${line}`
}

/** Breaks at spaces; a word that is longer than a line, such as an image by digest, is broken where the line ends. */
function* wrapAt(text: string, width: number): Generator<string> {
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const at = space > width / 3 ? space : width
    yield rest.slice(0, at)
    rest = rest.slice(at).trimStart()
  }
  yield rest
}

function cut(text: string): string {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text
}
