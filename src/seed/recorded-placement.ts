import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { SEEDED } from '../bundle/format/seed-set.ts'
import { nameOfNode } from '../kubernetes/objects/node.ts'
import { isObject } from '../kubernetes/objects/resource.ts'
import { SET_LABEL } from './output/daemon-set.ts'
import { isRecordedNode, isRecordedSet, type RecordedNode, type RecordedSet } from './placement/recorded-sets.ts'

/** What `placement.json` says, as far as labels go. */
export interface RecordedPlacement {
  readonly namespace: string
  readonly sets: readonly RecordedSet[]
  readonly nodes: readonly RecordedNode[]
  /** Nodes that get every image by other means. */
  readonly prepared?: readonly { readonly node: string }[]
}

/** What is to be done to the labels of one node. */
export interface NodeLabelling {
  readonly node: string
  /** Whether its seeding pod reports all that the node is to hold; nothing, for one that is not in the placement. */
  readonly isSeeded: boolean
  /** Label keys to set to `seeded`; empty when they are there, or the node is not seeded. */
  readonly add: readonly string[]
  readonly remove: readonly string[]
  /** Old labels that stay, because somebody still selects nodes by them. */
  readonly kept: readonly { readonly key: string; readonly users: readonly string[] }[]
}

interface LabellingOptions {
  /** Whether labels of earlier sets go. */
  readonly prune?: boolean
  /** Who selects nodes by a label: it goes when nobody does. */
  readonly usersOf?: (key: string) => readonly string[]
}

/**
 * Decides which labels each node of a placement gets, from what the seeding pods report. Where labels of earlier sets
 * go, they go from nodes that are no longer in the placement too, and in no case while somebody selects nodes by them:
 * pods must be able to start at every moment of a change.
 */
export function planLabels(
  { sets, nodes: placed }: RecordedPlacement,
  pods: readonly Pod[],
  nodes: readonly Node[],
  { prune = false, usersOf = () => [] }: LabellingOptions = {},
): NodeLabelling[] {
  const keyOf = new Map(sets.map(({ digest, label }) => [digest, label]))
  const prefixes = new Set(sets.map(({ label }) => label.slice(0, label.indexOf('/') + 1)))
  const reported = new Set(
    pods.filter(isReady).map((pod) => `${pod.spec?.nodeName} ${pod.metadata?.labels?.[SET_LABEL]}`),
  )
  const labelsOf = new Map(nodes.map((node) => [nameOfNode(node), node.metadata?.labels ?? {}]))
  const isOurs = (key: string): boolean => prefixes.has(key.slice(0, key.indexOf('/') + 1))
  const letGo = (node: string, isOld: (key: string) => boolean): Pick<NodeLabelling, 'remove' | 'kept'> => {
    const old = prune ? Object.keys(labelsOf.get(node) ?? {}).filter((key) => isOurs(key) && isOld(key)) : []
    const kept = old.flatMap((key) => (usersOf(key).length > 0 ? [{ key, users: usersOf(key) }] : []))
    return { remove: old.filter((key) => usersOf(key).length === 0), kept }
  }
  const labellings = placed.map(({ node, seeded, sets }): NodeLabelling => {
    const labels = labelsOf.get(node) ?? {}
    const wanted = sets.flatMap((digest) => keyOf.get(digest) ?? [])
    if (!reported.has(`${node} ${seeded}`)) return { node, isSeeded: false, add: [], remove: [], kept: [] }
    const add = wanted.filter((key) => labels[key] !== SEEDED)
    return { node, isSeeded: true, add, ...letGo(node, (key) => !wanted.includes(key)) }
  })
  const inPlacement = new Set(placed.map(({ node }) => node))
  const current = new Set(keyOf.values())
  const others = [...labelsOf.keys()].flatMap((node): NodeLabelling[] => {
    if (inPlacement.has(node)) return []
    const { remove, kept } = letGo(node, (key) => !current.has(key))
    return remove.length + kept.length === 0 ? [] : [{ node, isSeeded: true, add: [], remove, kept }]
  })
  return [...labellings, ...others]
}

/** The arguments of `kubectl` that carry a labelling out; undefined when nothing is to be done. */
export function labelArguments({
  node,
  add,
  remove,
}: Pick<NodeLabelling, 'node' | 'add' | 'remove'>): string[] | undefined {
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
  return (
    isObject(value) &&
    isLabel(value.namespace) &&
    Array.isArray(value.sets) &&
    value.sets.every(isRecordedSet) &&
    Array.isArray(value.nodes) &&
    value.nodes.every(isRecordedNode) &&
    (value.prepared === undefined || (Array.isArray(value.prepared) && value.prepared.every(isPreparedNode)))
  )
}

function isPreparedNode(value: unknown): boolean {
  return isObject(value) && typeof value.node === 'string'
}

/** It becomes an argument of kubectl. Source: k8s.io/apimachinery, IsDNS1123Label. */
function isLabel(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(value)
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
