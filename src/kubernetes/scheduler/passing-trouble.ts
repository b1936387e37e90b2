import type { Node, NodeSpec, Taint } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'
import { formatTaint } from './taint.ts'

/**
 * Taints that controllers, cloud providers and startup agents put on a node and take away again by themselves. Sources:
 * kubernetes 1.37, api/core/v1/well_known_taints.go, cloud-provider/api/well_known_taints.go.
 */
const PASSING: readonly RegExp[] = [
  /^node\.kubernetes\.io\/(?:not-ready|unreachable|unschedulable|(?:memory|disk|pid)-pressure|network-unavailable|out-of-service)$/,
  /^node\.cloudprovider\.kubernetes\.io\/(?:uninitialized|shutdown)$/,
  // What joins, and is not ready yet: Cilium, CSI drivers, Cluster API, Karpenter, the node readiness controller, our own.
  /\/(?:[a-z0-9.-]*not-ready|uninitialized|unregistered|not-seeded)$/,
  /^readiness\.k8s\.io\//,
]

/** A node once what keeps pods away for a while has passed, and what that is. */
export interface RecoveredNode {
  readonly node: Node
  /** As messages name it, such as `node.kubernetes.io/not-ready:NoSchedule`. */
  readonly trouble: string
}

/** What a node will be when a cordon and the taints that go by themselves are gone; undefined where it has neither. */
export function recoveredNode(node: Node): RecoveredNode | undefined {
  const taints = objectsOf(node.spec?.taints)
  const passing = taints.filter(isPassing)
  const isCordoned = node.spec?.unschedulable === true
  const [first] = passing
  if (!first && !isCordoned) return undefined
  const { unschedulable: _, ...rest } = node.spec ?? {}
  const spec: NodeSpec = { ...rest, taints: taints.filter((taint) => !isPassing(taint)) }
  return { node: { ...node, spec }, trouble: isCordoned || !first ? 'the cordon' : formatTaint(first) }
}

function isPassing({ key }: Taint): boolean {
  return PASSING.some((pattern) => pattern.test(key))
}
