import { SEEDED, seedSetDigestOf } from '../../bundle/format/seed-set.ts'
import { isLabelKey } from '../../kubernetes/objects/label.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'

/** A set as `placement.json` says it. */
export interface RecordedSet {
  readonly digest: string
  /** Key of the label that stands for it. */
  readonly label: string
  readonly images: readonly string[]
  /** What each name stands for; older files do not say it. */
  readonly digests?: readonly string[]
}

/** What a node is to hold, as `placement.json` says it. */
export interface RecordedNode {
  readonly node: string
  readonly sets: readonly string[]
  readonly seeded: string
}

export function isRecordedSet(value: unknown): value is RecordedSet {
  return (
    isObject(value) &&
    isText(value.digest) &&
    isText(value.label) &&
    isLabelKey(value.label) &&
    isTexts(value.images) &&
    (value.digests === undefined || isTexts(value.digests))
  )
}

export function isRecordedNode(value: unknown): value is RecordedNode {
  return isObject(value) && isText(value.node) && isTexts(value.sets) && isText(value.seeded)
}

/**
 * Why what is recorded of sets cannot be believed: a set is named by the digest of what it holds, its label and what
 * seeding pods report by the same digests. Undefined where all of them agree.
 */
export function recordedSetsProblem(
  sets: readonly RecordedSet[],
  { nodes = [], workloads = [] }: { nodes?: readonly unknown[]; workloads?: readonly unknown[] } = {},
): string | undefined {
  const known = new Map(sets.map((set) => [set.digest, set]))
  for (const set of sets) {
    const { digest, label, digests } = set
    if (label.slice(label.indexOf('/') + 1) !== digest) return `the label ${label} is not that of set ${digest}`
    const held = digests && heldTogether([set])
    if (held !== undefined && held !== digest) return `the images of set ${digest} are those of set ${held}`
  }
  for (const node of nodes.filter(isRecordedNode)) {
    const own = node.sets.flatMap((digest) => known.get(digest) ?? [])
    if (own.length < node.sets.length) return `node ${node.node} holds a set that is none of these`
    const together = heldTogether(own)
    if (together !== undefined && together !== node.seeded)
      return `the sets of node ${node.node} are set ${together} together, not ${node.seeded}`
  }
  const labels = new Set(sets.map(({ label }) => label))
  const selected = workloads.flatMap((one) =>
    isObject(one) && isObject(one.nodeSelector) ? seedKeys(one.nodeSelector) : [],
  )
  const stranger = selected.find((key) => !labels.has(key))
  return stranger === undefined ? undefined : `a workload selects ${stranger}, which is the label of none of its sets`
}

/** The digest of what sets hold together; undefined where one does not say what its names stand for. */
function heldTogether(sets: readonly RecordedSet[]): string | undefined {
  if (sets.length === 0 || sets.some(({ digests }) => digests === undefined)) return undefined
  return seedSetDigestOf(
    sets.flatMap(({ images, digests = [] }) => images.map((name, at) => [name, digests[at] ?? ''] as const)),
  )
}

function seedKeys(nodeSelector: Record<string, unknown>): string[] {
  return Object.keys(nodeSelector).filter((key) => nodeSelector[key] === SEEDED)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}
