import type { Toleration } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { platformOfNode } from '../../kubernetes/objects/node.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import { formatTaint, untoleratedTaint } from '../../kubernetes/scheduler/taint.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { listNames } from '../../plural.ts'
import type { AuditedPod } from '../classes/audited-pod.ts'
import type { NodeClass } from '../classes/node-classes.ts'
import type { Conditions } from '../facts/conditions.ts'
import { blobsFor } from '../facts/platform-blobs.ts'
import { type NodeVerdict, podVerdict } from '../verdict/verdict.ts'
import { type LabelCounts, separatingLabel } from './separating-label.ts'

/** Something that would help a workload that is not safe. */
export interface Fix {
  readonly kind: 'nodeSelector' | 'policy' | 'toleration' | 'uncordon' | 'seed'
  readonly message: string
  /** What has to be brought to the nodes, together; null where nobody can tell. */
  readonly bytes: number | null
  /** The nodes on which the workload then starts, and did not before. For a nodeSelector: those that remain. */
  readonly nodes: readonly string[]
}

interface FixQuestions {
  readonly nodeClasses: readonly NodeClass[]
  readonly labels: readonly LabelCounts[]
  readonly conditions: Conditions
  /** The nodes of these classes that have a label, or all of them. Many workloads ask about the same ones. */
  readonly nodesOf: (classes: readonly number[], label?: string) => readonly string[]
}

export function fixQuestions(
  nodeClasses: readonly NodeClass[],
  labels: readonly LabelCounts[],
  conditions: Conditions,
): FixQuestions {
  const known = new Map<string, readonly string[]>()
  const nodesOf: FixQuestions['nodesOf'] = (classes, label) => {
    const key = `${classes.join()} ${label ?? ''}`
    const nodes =
      known.get(key) ??
      classes.flatMap(
        (index) => (label === undefined ? nodeClasses[index]?.nodes : labels[index]?.nodesWith(label)) ?? [],
      )
    known.set(key, nodes)
    return nodes
  }
  return { nodeClasses, labels, conditions, nodesOf }
}

/** What would help, the smallest first: what costs no byte, then the fewest bytes. */
export function fixesOf(pod: AuditedPod, verdicts: readonly NodeVerdict[], questions: FixQuestions): Fix[] {
  const fixes = [
    ...nodeSelectorFix(verdicts, questions),
    ...policyFix(pod, verdicts, questions),
    ...placementFixes(pod, verdicts, questions),
    ...seedFix(pod, verdicts, questions),
  ]
  return fixes.sort((a, b) => (a.bytes ?? Number.MAX_VALUE) - (b.bytes ?? Number.MAX_VALUE))
}

/** A label that sets apart the nodes on which it starts. */
function nodeSelectorFix(verdicts: readonly NodeVerdict[], { labels, nodesOf }: FixQuestions): Fix[] {
  const starting = indexes(verdicts, ({ starts, mayLand }) => mayLand && starts === true)
  const failing = indexes(verdicts, ({ starts, mayLand }) => mayLand && starts !== true)
  if (starting.length === 0 || failing.length === 0) return []
  const found = separatingLabel(starting, failing, labels)
  if (!found) return []
  const nodes = nodesOf(starting, found)
  const message = `add nodeSelector ${found.replace('=', ': ')}, which keeps it to ${listNames(nodes)}`
  return [{ kind: 'nodeSelector', message, bytes: 0, nodes }]
}

function policyFix(pod: AuditedPod, verdicts: readonly NodeVerdict[], questions: FixQuestions): Fix[] {
  if (!verdicts.some(({ reason }) => reason === 'AlwaysOffline') || questions.conditions.alwaysPullImages) return []
  const changed = withoutAlways(pod)
  const nodes = gained(verdicts, retry(changed, questions), questions)
  if (nodes.length === 0) return []
  const message = `set imagePullPolicy: IfNotPresent, as the images are on ${listNames(nodes)}`
  return [{ kind: 'policy', message, bytes: 0, nodes }]
}

/** For a workload that may land nowhere: one taint, or the cordons, out of the way. */
function placementFixes(pod: AuditedPod, verdicts: readonly NodeVerdict[], questions: FixQuestions): Fix[] {
  if (verdicts.some(({ mayLand }) => mayLand)) return []
  const fixes: Fix[] = []
  const tolerations = objectsOf(pod.pod.spec.tolerations)
  const taints = new Map<string, Toleration>()
  for (const [index, { reason }] of verdicts.entries()) {
    if (reason !== 'TaintToleration') continue
    const taint = untoleratedTaint(questions.nodeClasses[index]?.node.spec?.taints, tolerations, [
      'NoSchedule',
      'NoExecute',
    ])
    if (taint) taints.set(formatTaint(taint), { key: taint.key, operator: 'Exists', effect: taint.effect })
  }
  for (const [taint, toleration] of taints) {
    const nodes = gained(verdicts, retry(withToleration(pod, toleration), questions), questions)
    const message = `tolerate the taint ${taint}, or remove it from ${listNames(nodes)}`
    if (nodes.length > 0) fixes.push({ kind: 'toleration', message, bytes: 0, nodes })
  }
  if (verdicts.some(({ reason }) => reason === 'NodeUnschedulable')) {
    const uncordoned = withToleration(pod, { key: 'node.kubernetes.io/unschedulable', operator: 'Exists' })
    const nodes = gained(verdicts, retry(uncordoned, questions), questions)
    if (nodes.length > 0) fixes.push({ kind: 'uncordon', message: `uncordon ${listNames(nodes)}`, bytes: 0, nodes })
  }
  return fixes
}

/** The images brought to every node that it may land on. Policies that ask a registry change with it. */
function seedFix(pod: AuditedPod, verdicts: readonly NodeVerdict[], questions: FixQuestions): Fix[] {
  const changed = questions.conditions.alwaysPullImages ? pod : withoutAlways(pod)
  const seeded = retry(changed, questions, true)
  const nodes = gained(verdicts, seeded, questions)
  if (nodes.length === 0) return []
  const bytes = seedBytes(pod, verdicts, seeded, questions)
  const isPolicy = verdicts.some(({ reason }) => reason === 'AlwaysOffline')
  if (bytes === 0) return []
  const amount = bytes === null ? '' : `: ${formatBytes(bytes)}`
  const policy = isPolicy ? ', and set imagePullPolicy: IfNotPresent' : ''
  const seed = `seed ${listNames(nodes)}${amount}${policy}`
  const lacking = notBundled(pod, questions)
  const message = lacking.length > 0 ? `bundle ${listNames(lacking)} first, then ${seed}` : seed
  return [{ kind: 'seed', message, bytes, nodes }]
}

/** The images that the bundle lacks and some node too; none where no bundle is told of. */
function notBundled({ images }: AuditedPod, { conditions, nodeClasses }: FixQuestions): string[] {
  if (!conditions.lock) return []
  const isLacked = (name: string) => nodeClasses.some(({ presenceOf }) => presenceOf(name).present !== true)
  return [...new Set(images.flatMap(({ name, locked }) => (name && !locked && isLacked(name) ? [name] : [])))]
}

/** What the nodes lack of the images, each blob once a node. Null when an image is not in the bundle. */
function seedBytes(
  { images }: AuditedPod,
  before: readonly NodeVerdict[],
  after: readonly NodeVerdict[],
  { nodeClasses }: FixQuestions,
): number | null {
  let total = 0
  for (const [index, node] of nodeClasses.entries()) {
    if (!isBetter(after[index], before[index])) continue
    const held = new Set<string>()
    const wanted = new Map<string, number>()
    for (const { name, locked } of images) {
      if (name === undefined) return null
      const isHere = node.presenceOf(name).present === true
      if (!locked && !isHere) return null
      if (!locked) continue
      for (const { digest, size } of blobsFor(locked as LockedImage, platformOfNode(node.node))) {
        if (isHere) held.add(digest)
        else wanted.set(digest, size)
      }
    }
    const bytes = [...wanted].reduce((sum, [digest, size]) => sum + (held.has(digest) ? 0 : size), 0)
    total += bytes * node.nodes.length
  }
  return total
}

function retry(pod: AuditedPod, { nodeClasses, conditions }: FixQuestions, isSeeded = false): NodeVerdict[] {
  return nodeClasses.map((node) => {
    const seeded = { ...node, presenceOf: () => ({ present: true, why: 'seed', isFromBundle: true }) }
    return podVerdict(pod, isSeeded ? seeded : node, conditions)
  })
}

/** The nodes on which more is hoped for after than before. */
function gained(
  before: readonly NodeVerdict[],
  after: readonly NodeVerdict[],
  { nodesOf }: FixQuestions,
): readonly string[] {
  return nodesOf(indexes(after, (verdict, index) => isBetter(verdict, before[index])))
}

/** That it starts is better than that nobody can tell, and this is better than that it fails. */
function isBetter(after: NodeVerdict | undefined, before: NodeVerdict | undefined): boolean {
  const rank = (verdict: NodeVerdict | undefined) => (verdict?.starts === true ? 2 : verdict?.starts === null ? 1 : 0)
  return rank(after) > rank(before)
}

function withoutAlways(pod: AuditedPod): AuditedPod {
  const images = pod.images.map((image) => (image.policy === 'Always' ? { ...image, policy: 'IfNotPresent' } : image))
  return { ...pod, images }
}

function withToleration(audited: AuditedPod, toleration: Toleration): AuditedPod {
  const { pod } = audited
  const spec = { ...pod.spec, tolerations: [...objectsOf(pod.spec.tolerations), toleration] }
  return { ...audited, pod: { ...pod, spec } }
}

function indexes<T>(list: readonly T[], test: (entry: T, index: number) => boolean): number[] {
  return list.flatMap((entry, index) => (test(entry, index) ? [index] : []))
}
