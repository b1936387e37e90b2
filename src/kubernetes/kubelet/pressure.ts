import type { Node } from 'kubernetes-types/core/v1.js'
import type { AdmittedPod } from '../admission/admitted-pod.ts'
import { objectsOf } from '../objects/resource.ts'
import { isBestEffort } from '../pods/qos.ts'
import { untoleratedTaint } from '../scheduler/taint.ts'

const PRESSURE = /^node\.kubernetes\.io\/(memory|disk|pid)-pressure$/
const CONDITIONS: Readonly<Record<string, string>> = {
  memory: 'MemoryPressure',
  disk: 'DiskPressure',
  pid: 'PIDPressure',
}

/** From this priority on a pod is critical. */
const CRITICAL = 2_000_000_000

/**
 * Why the kubelet of a node under pressure refuses a pod that tolerates the taint of it, as those of DaemonSets do;
 * undefined where it does not. Source: kubernetes 1.36, pkg/kubelet/eviction, Admit.
 */
export function pressureRefusal({ spec, priority }: AdmittedPod, node: Node): string | undefined {
  const found = objectsOf(node.spec?.taints).flatMap((taint) => PRESSURE.exec(taint.key)?.[1] ?? [])
  if (found.length === 0 || priority >= CRITICAL) return undefined
  const taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }
  const isMemoryAlone = found.every((kind) => kind === 'memory')
  const isTolerated = () => !untoleratedTaint([taint], spec.tolerations, ['NoSchedule'])
  if (isMemoryAlone && (!isBestEffort(spec) || isTolerated())) return undefined
  const [kind = ''] = found.filter((one) => one !== 'memory' || isMemoryAlone)
  return `the kubelet refuses pods while the node has ${CONDITIONS[kind]} (Evicted)`
}
