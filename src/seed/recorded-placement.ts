import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { SEEDED } from '../bundle/format/seed-set.ts'
import { nameOfNode } from '../kubernetes/objects/node.ts'
import { isObject } from '../kubernetes/objects/resource.ts'
import { SET_LABEL } from './output/daemon-set.ts'
import type { SeedingPlan } from './plan.ts'

/** What `placement.json` says, as far as labels go. */
export type RecordedPlacement = Pick<SeedingPlan, 'namespace' | 'sets' | 'nodes'>

/** What is to be done to the labels of one node. */
export interface NodeLabelling {
  readonly node: string
  /** Whether its seeding pod reports all that the node is to hold. */
  readonly isSeeded: boolean
  /** Label keys to set to `seeded`; empty when they are there, or the node is not seeded. */
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** Decides which labels each node of a placement gets, from what the seeding pods report. */
export function planLabels(
  { sets, nodes: placed }: RecordedPlacement,
  pods: readonly Pod[],
  nodes: readonly Node[],
  { prune = false } = {},
): NodeLabelling[] {
  const keyOf = new Map(sets.map(({ digest, label }) => [digest, label]))
  const prefixes = new Set(sets.map(({ label }) => label.slice(0, label.indexOf('/') + 1)))
  const reported = new Set(
    pods.filter(isReady).map((pod) => `${pod.spec?.nodeName} ${pod.metadata?.labels?.[SET_LABEL]}`),
  )
  const labelsOf = new Map(nodes.map((node) => [nameOfNode(node), node.metadata?.labels ?? {}]))
  return placed.map(({ node, seeded, sets }) => {
    const labels = labelsOf.get(node) ?? {}
    const wanted = sets.flatMap((digest) => keyOf.get(digest) ?? [])
    const isSeeded = reported.has(`${node} ${seeded}`)
    const old = Object.keys(labels).filter(
      (key) => prefixes.has(key.slice(0, key.indexOf('/') + 1)) && !wanted.includes(key),
    )
    return {
      node,
      isSeeded,
      add: isSeeded ? wanted.filter((key) => labels[key] !== SEEDED) : [],
      remove: isSeeded && prune ? old : [],
    }
  })
}

/** The arguments of `kubectl` that carry a labelling out; undefined when nothing is to be done. */
export function labelArguments({ node, add, remove }: NodeLabelling): string[] | undefined {
  if (add.length + remove.length === 0) return undefined
  return [
    'label',
    '--overwrite',
    'node',
    node,
    ...add.map((key) => `${key}=${SEEDED}`),
    ...remove.map((key) => `${key}-`),
  ]
}

/** Whether a value has the form of `placement.json`. */
export function isRecordedPlacement(value: unknown): value is RecordedPlacement {
  return isObject(value) && isLabel(value.namespace) && Array.isArray(value.sets) && Array.isArray(value.nodes)
}

/** It becomes an argument of kubectl. Source: k8s.io/apimachinery, IsDNS1123Label. */
function isLabel(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(value)
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
