import { placementRefusal } from '../../kubernetes/placement/placement.ts'
import type { Doubt, Refusal, Refuser } from '../../kubernetes/pods/refusal.ts'
import type { NodeUse } from '../../kubernetes/scheduler/filters.ts'
import { nodeDoubts } from '../../kubernetes/scheduler/node-doubts.ts'
import { volumeDoubts } from '../../kubernetes/scheduler/volume-fit.ts'
import type { AuditedPod } from '../classes/audited-pod.ts'
import type { AuditedNode } from '../facts/audited-node.ts'
import { withoutLower } from '../facts/live/live-pods.ts'
import { volumesFor } from '../facts/live/volumes-there.ts'
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

/** From this priority on a kubelet that lacks resources makes room itself. Source: kubernetes 1.37, pkg/kubelet/preemption. */
const CRITICAL_PRIORITY = 2_000_000_000

/** What the scheduler says of a pod and a node or, for a bound pod, the kubelet. */
export function placementStep(audited: AuditedPod, node: AuditedNode): PlacementOutcome {
  const { pod } = audited
  const use = useFor(audited, node)
  const refusal = placementRefusal(pod, node.node, use)
  if (!refusal) {
    const doubt =
      audited.doubts[0] ??
      nodeDoubts(pod, node.node)[0] ??
      repellingDoubts(audited, node)[0] ??
      volumeDoubts(pod.claims, use.volumes)[0]
    if (!doubt) return { starts: true, mayLand: true }
    return { starts: null, reason: doubt.reason, message: doubt.message, mayLand: true }
  }
  if (mayPreempt(audited, node, refusal)) {
    const message = `${refusal.message}, unless pods of lower priority make room`
    return { starts: null, reason: refusal.reason, message, mayLand: true }
  }
  return { starts: false, ...refusal, mayLand: pod.isDaemonSetPod && !DAEMON_SET_FILTERS.has(refusal.reason) }
}

/** Whether a pod would fit if those of lower priority were gone; whether they go is not decided here. */
function mayPreempt(audited: AuditedPod, node: AuditedNode, { reason }: Refusal): boolean {
  const { pod, isRunning } = audited
  const isCritical = reason === 'NodeResourcesFit' && pod.priority >= CRITICAL_PRIORITY
  const preempts = pod.spec.nodeName ? isCritical : pod.preempts
  if (!preempts || isRunning || !node.use) return false
  return placementRefusal(pod, node.node, useFor(audited, node, pod.priority)) === undefined
}

/** What is in a pod's way on a node, as far as it is known, once live pods below a priority are gone. */
function useFor(audited: AuditedPod, known: AuditedNode, priority = -Infinity): NodeUse {
  const { isRunning, holder, pod } = audited
  const { use, claimed = [] } = known
  const claims = holder === undefined ? claimed : claimed.filter((one) => one.pod !== holder)
  const volumes = pod.claims.length > 0 ? volumesFor(known, isRunning, priority) : undefined
  if (isRunning || !use) return { ports: claims, volumes }
  const { reserved, ports } = priority === -Infinity ? use : withoutLower(use, priority)
  const [repelled] = repelling(audited, known.node, true).filter((carrier) => carrier.priority >= priority)
  return { reserved, ports: [...ports, ...claims], repelledBy: repelled?.pod, volumes }
}

function repellingDoubts(audited: AuditedPod, { node }: AuditedNode): Doubt[] {
  const unknown = 'keeps it away if labels say so that are not known, its own or those of its namespace'
  if (audited.pod.spec.nodeName) return []
  return repelling(audited, node, false).map(({ pod }) => ({
    reason: 'InterPodAffinity',
    message: `the anti-affinity of live pods such as ${pod} ${unknown}`,
  }))
}

/** The live pods whose anti-affinity is about a pod on a node. */
function repelling({ repelledBy }: AuditedPod, { metadata }: AuditedNode['node'], certain: boolean) {
  return repelledBy.flatMap(({ term, isCertain }) => {
    const carrier = term.topologies.get(metadata?.labels?.[term.topologyKey] ?? '')
    return carrier && isCertain === certain ? [carrier] : []
  })
}
