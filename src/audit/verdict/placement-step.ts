import { placementDoubts, placementRefusal } from '../../kubernetes/placement/placement.ts'
import type { Refuser } from '../../kubernetes/pods/refusal.ts'
import type { NodeUse } from '../../kubernetes/scheduler/filters.ts'
import { nodeDoubts } from '../../kubernetes/scheduler/node-doubts.ts'
import type { AuditedPod } from '../classes/audited-pod.ts'
import type { AuditedNode } from '../facts/audited-node.ts'
import { withoutLower } from '../facts/live-pods.ts'
import type { Outcome } from './outcome.ts'

/** Whether a pod comes to a node; `starts` is true where nothing is in the way. */
export interface PlacementOutcome extends Outcome<Refuser> {
  /** The pod may come to the node. Where it cannot, it cannot fail either. */
  readonly mayLand: boolean
}

/** What the DaemonSet controller looks at. What else is in the way, a DaemonSet's pod waits for on its node. */
const DAEMON_SET_FILTERS: ReadonlySet<Refuser> = new Set([
  'Admission',
  'NodeUnschedulable',
  'NodeName',
  'TaintToleration',
  'NodeAffinity',
])

/** What the scheduler says of a pod and a node or, for a bound pod, the kubelet. */
export function placementStep(audited: AuditedPod, node: AuditedNode): PlacementOutcome {
  const { pod } = audited
  const refusal = placementRefusal(pod, node.node, useFor(audited, node))
  if (!refusal) {
    const [doubt] = [...placementDoubts(pod), ...nodeDoubts(pod, node.node)]
    if (!doubt) return { starts: true, mayLand: true }
    return { starts: null, reason: doubt.reason, message: doubt.message, mayLand: true }
  }
  if (mayPreempt(audited, node)) {
    const message = `${refusal.message}, unless pods of lower priority make room`
    return { starts: null, reason: refusal.reason, message, mayLand: true }
  }
  return { starts: false, ...refusal, mayLand: pod.isDaemonSetPod && !DAEMON_SET_FILTERS.has(refusal.reason) }
}

/** Whether a pod would fit if those of lower priority were gone; whether they go is for the scheduler to decide. */
function mayPreempt(audited: AuditedPod, node: AuditedNode): boolean {
  const { pod, isRunning } = audited
  if (isRunning || !node.use?.parts.some((part) => part.priority < pod.priority)) return false
  const reserved = withoutLower(node.use, pod.priority)
  return placementRefusal(pod, node.node, { ...useFor(audited, node), reserved }) === undefined
}

/** What is in a pod's way on a node, as far as it is known. */
function useFor({ isRunning, holder }: AuditedPod, { use, claimed = [] }: AuditedNode): NodeUse {
  const claims = holder === undefined ? claimed : claimed.filter(({ pod }) => pod !== holder)
  if (isRunning || !use) return { ports: claims }
  return { reserved: use.reserved, ports: [...use.ports, ...claims] }
}
