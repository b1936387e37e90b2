import type { Node } from 'kubernetes-types/core/v1.js'
import { nameOfNode } from '../../kubernetes/objects/node.ts'

/** The labels, as `key=value`, of a class of nodes; without those that name one node each. */
export interface LabelCounts {
  readonly counts: ReadonlyMap<string, number>
  nodesWith(label: string): string[]
}

/** It names one node each; a nodeSelector with it would bind a workload to that. */
const OF_ONE_NODE = 'kubernetes.io/hostname'

export function countLabels(nodes: readonly Node[]): LabelCounts {
  const counts = new Map<string, number>()
  for (const { metadata } of nodes) {
    for (const [key, value] of Object.entries(metadata?.labels ?? {})) {
      if (key === OF_ONE_NODE) continue
      const label = `${key}=${value}`
      counts.set(label, (counts.get(label) ?? 0) + 1)
    }
  }
  return {
    counts,
    nodesWith: (label) => {
      const [key = '', value] = split(label)
      return nodes.filter(({ metadata }) => metadata?.labels?.[key] === value).map(nameOfNode)
    },
  }
}

/** The label that most of the wanted nodes have and none of the unwanted ones. Classes are named by their index. */
export function separatingLabel(
  wanted: readonly number[],
  unwanted: readonly number[],
  classes: readonly LabelCounts[],
): string | undefined {
  const totals = new Map<string, number>()
  for (const index of wanted) {
    for (const [label, count] of classes[index]?.counts ?? []) totals.set(label, (totals.get(label) ?? 0) + count)
  }
  for (const index of unwanted) for (const label of classes[index]?.counts.keys() ?? []) totals.delete(label)
  let best: string | undefined
  for (const [label, count] of totals) {
    if (count > (totals.get(best ?? '') ?? 0)) best = label
  }
  return best
}

function split(label: string): [string, string] {
  const at = label.indexOf('=')
  return [label.slice(0, at), label.slice(at + 1)]
}
