import { unsupported } from '../../kubernetes/kubelet/node-support.ts'
import { osMismatch } from '../../kubernetes/kubelet/pod-os.ts'
import { pressureRefusal } from '../../kubernetes/kubelet/pressure.ts'
import { alignmentProblem } from '../../kubernetes/kubelet/resource-alignment.ts'
import type { Refuser } from '../../kubernetes/pods/refusal.ts'
import { recoveredNode } from '../../kubernetes/scheduler/passing-trouble.ts'
import type { AuditedPod } from '../classes/audited-pod.ts'
import type { AuditedNode } from '../facts/audited-node.ts'
import type { Conditions } from '../facts/conditions.ts'
import type { ImageReason } from './image-rules.ts'
import { imageStep } from './image-step.ts'
import { imageUserStep } from './image-user-step.ts'
import { firstObstacle, type Outcome } from './outcome.ts'
import { type PlacementOutcome, placementStep } from './placement-step.ts'

/** May this pod start on this node: `starts`, or the first reason why not. */
export interface NodeVerdict extends Outcome<Refuser | ImageReason> {
  readonly mayLand: PlacementOutcome['mayLand']
}

/** May this pod start on this node? Where it cannot be placed, nothing later is asked. */
export function podVerdict(audited: AuditedPod, node: AuditedNode, conditions: Conditions): NodeVerdict {
  const { mayLand, ...placement } = placementStep(audited, node)
  if (placement.starts === false)
    return onceRecovered(audited, node, placement, conditions) ?? { ...placement, mayLand }
  const outcomes = [
    placement,
    ...kubeletStep(audited, node),
    ...imageStep(audited, node, conditions),
    ...imageUserStep(audited, node, conditions),
  ]
  return { ...(firstObstacle(outcomes) ?? { starts: true }), mayLand }
}

/** What pods that run keep a pod from; they end, are moved and updated. */
const OF_LIVE_PODS: ReadonlySet<Refuser> = new Set(['NodePorts', 'NodeResourcesFit', 'InterPodAffinity'])

/**
 * What becomes of a pod on a node that only a passing trouble keeps from it, where it does not start there after that;
 * undefined otherwise. A node is not asked again when it recovers, so that this counts now.
 */
function onceRecovered(
  audited: AuditedPod,
  node: AuditedNode,
  { reason }: Outcome<Refuser>,
  conditions: Conditions,
): NodeVerdict | undefined {
  if (reason !== undefined && OF_LIVE_PODS.has(reason)) return onceAlone(audited, node, conditions)
  if (reason !== 'NodeUnschedulable' && reason !== 'TaintToleration') return undefined
  const recovered = recoveredNode(node.node)
  if (!recovered) return undefined
  return afterTrouble(podVerdict(audited, { ...node, node: recovered.node }, conditions), `${recovered.trouble} is`)
}

/** The same of a node without the pods that run there. Asked of many, so that most of them cost a look at their images. */
function onceAlone(audited: AuditedPod, node: AuditedNode, conditions: Conditions): NodeVerdict | undefined {
  if (!node.use) return undefined
  const lacking = firstObstacle(imageStep(audited, node, conditions))
  if (!lacking) return undefined
  const { mayLand } = placementStep({ ...audited, repelledBy: [] }, { ...node, use: undefined })
  return afterTrouble({ ...lacking, mayLand }, 'pods that run there are')
}

/** A later verdict, where the pod comes to the node and does not start. */
function afterTrouble(later: NodeVerdict, whatIs: string): NodeVerdict | undefined {
  if (!later.mayLand || later.starts === true) return undefined
  return { ...later, message: `${later.message}, once ${whatIs} gone` }
}

/** What the kubelet minds in every pod that comes to it. */
function kubeletStep(
  { pod, isDemanding, aligned }: AuditedPod,
  { node, kubelet }: AuditedNode,
): Outcome<Refuser | ImageReason>[] {
  const wrongOs = osMismatch(pod, node)
  const lacks = isDemanding ? unsupported(pod, node, kubelet.featureGates, kubelet.unsafeSysctls) : []
  const pressed = pressureRefusal(pod, node)
  const unaligned = alignmentProblem(aligned, kubelet)
  return [
    ...(unaligned === undefined ? [] : [{ starts: null, reason: 'Kubelet', message: unaligned } as const]),
    ...(pressed === undefined ? [] : [{ starts: false, reason: 'Kubelet', message: pressed } as const]),
    ...(wrongOs === undefined ? [] : [{ starts: false, reason: 'Platform', message: wrongOs } as const]),
    ...lacks.map(
      ({ message, isCertain }) => ({ starts: isCertain ? false : null, reason: 'Kubelet', message }) as const,
    ),
  ]
}
