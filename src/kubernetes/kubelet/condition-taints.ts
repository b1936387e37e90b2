import type { Node, Taint } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'

/** The taint that each condition brings, by its type and status. */
const TAINTS: Readonly<Record<string, string>> = {
  'Ready/False': 'not-ready',
  'Ready/Unknown': 'unreachable',
  'MemoryPressure/True': 'memory-pressure',
  'DiskPressure/True': 'disk-pressure',
  'PIDPressure/True': 'pid-pressure',
  'NetworkUnavailable/True': 'network-unavailable',
}

/**
 * A node with the taints that its conditions bring, which a controller puts there a moment later, and which a list from
 * elsewhere may lack. Source: kubernetes 1.37, pkg/controller/nodelifecycle, nodeConditionToTaintKeyStatusMap.
 */
export function withConditionTaints(node: Node): Node {
  const brought = objectsOf(node.status?.conditions).flatMap(({ type, status }) => TAINTS[`${type}/${status}`] ?? [])
  if (brought.length === 0) return node
  const taints = objectsOf(node.spec?.taints)
  const keys = brought.map((name) => `node.kubernetes.io/${name}`)
  const added = keys.filter((key) => !taints.some((taint) => taint.key === key))
  if (added.length === 0) return node
  return {
    ...node,
    spec: { ...node.spec, taints: [...taints, ...added.map((key): Taint => ({ key, effect: 'NoSchedule' }))] },
  }
}
