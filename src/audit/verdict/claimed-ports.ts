import type { NodeClass } from '../classes/node-classes.ts'
import type { PodClass } from '../classes/pod-classes.ts'
import { placementStep } from './placement-step.ts'

/**
 * The nodes with the host ports that audited pods are sure to take there: those of DaemonSets and of bound pods. In the
 * order of the input, each is in the way of the next, and of all pods that are scheduled.
 */
export function withClaimedPorts(pods: readonly PodClass[], classes: readonly NodeClass[]): NodeClass[] {
  let nodes: NodeClass[] = [...classes]
  for (const podClass of pods) {
    const { holder, pod } = podClass
    if (holder === undefined) continue
    const ports = pod.hostPorts.map((port) => ({ ...port, pod: holder }))
    nodes = nodes.map((node) => {
      const { mayLand, reason } = placementStep(podClass, node)
      if (!mayLand || reason === 'NodePorts') return node
      return { ...node, claimed: [...(node.claimed ?? []), ...ports] }
    })
  }
  return nodes
}
