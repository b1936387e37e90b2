import type { Node } from 'kubernetes-types/core/v1.js'
import { quantities, type Resources } from '../pods/pod-resources.ts'

/** What the pods on a node have of it. */
export interface ReservedResources {
  readonly pods: number
  readonly requests: Resources
}

/**
 * Which resource of a node is too small for a pod; undefined when it fits, or when the node tells nothing of its
 * resources. Source: kubernetes 1.36, pkg/scheduler/framework/plugins/noderesources/fit.go.
 */
export function resourceShortage(requests: Resources, node: Node, reserved?: ReservedResources): string | undefined {
  const allocatable = allocatableOf(node)
  if (allocatable.size === 0) return undefined
  if (!hasRoomForPod(allocatable, reserved))
    return `Too many pods: the node takes ${(allocatable.get('pods') ?? 0) / 1000}`
  for (const [name, wanted] of requests) {
    const free = freeOf(name, allocatable, reserved)
    if (wanted <= 0 || wanted <= free) continue
    const rest = reserved ? 'less is free beside the pods that run' : `the node has ${amount(name, free)}`
    return `Insufficient ${name}: the pod requests ${amount(name, wanted)}, ${rest}`
  }
  return undefined
}

/**
 * Equal for nodes of which {@link resourceShortage} says the same, for all pods with these requests; empty where they all
 * fit.
 */
export function shortageKey(
  wanted: ReadonlyMap<string, readonly number[]>,
  node: Node,
  reserved?: ReservedResources,
): string {
  const allocatable = allocatableOf(node)
  if (!allocatable.has('pods')) return `unknown ${[...allocatable.keys()]}`
  if (!hasRoomForPod(allocatable, reserved)) return `full ${allocatable.get('pods')}`
  const parts = [...wanted].map(([name, amounts]) => {
    const free = freeOf(name, allocatable, reserved)
    const fitting = amounts.filter((milli) => milli <= free).length
    return fitting === amounts.length ? '' : `${name} ${fitting} ${reserved ? '' : amount(name, free)}`
  })
  return parts.filter(Boolean).join()
}

/** Read once a node: thousands of pods ask. */
const ALLOCATABLE = new WeakMap<Node, Resources>()

/** What pods can have of a node; its capacity where it does not say, as the API server fills in. */
export function allocatableOf(node: Node): Resources {
  const known = ALLOCATABLE.get(node) ?? quantities(node.status?.allocatable ?? node.status?.capacity)
  ALLOCATABLE.set(node, known)
  return known
}

function hasRoomForPod(allocatable: Resources, reserved: ReservedResources | undefined): boolean {
  const pods = allocatable.get('pods')
  return pods === undefined || ((reserved?.pods ?? 0) + 1) * 1000 <= pods
}

function freeOf(name: string, allocatable: Resources, reserved: ReservedResources | undefined): number {
  return (allocatable.get(name) ?? 0) - (reserved?.requests.get(name) ?? 0)
}

/** CPU as `500m` or `2`, bytes as `1.5Gi`, all else as a number. */
function amount(name: string, milli: number): string {
  if (name === 'cpu') return milli % 1000 === 0 ? `${milli / 1000}` : `${milli}m`
  const units = milli / 1000
  const isBytes = name === 'memory' || name.endsWith('storage') || name.startsWith('hugepages-')
  if (!isBytes || Math.abs(units) < 2 ** 20) return `${units}`
  const [unit, bytes] = Math.abs(units) < 2 ** 30 ? ['Mi', 2 ** 20] : ['Gi', 2 ** 30]
  return `${Math.round((units / bytes) * 10) / 10}${unit}`
}
