import type { AdmittedPod } from '../admission/admitted-pod.ts'
import { type NodeFeature, neededFeatures } from '../pods/declared-features.ts'
import { type HostPort, hostPorts } from '../pods/host-port.ts'
import { podRequests, type Resources } from '../pods/pod-resources.ts'

/** An admitted pod, with what it takes of a node summed up once for all nodes. */
export interface SchedulablePod extends AdmittedPod {
  readonly requests: Resources
  readonly hostPorts: readonly HostPort[]
  readonly neededFeatures: readonly NodeFeature[]
}

export function schedulablePod(pod: AdmittedPod): SchedulablePod {
  return {
    ...pod,
    requests: podRequests(pod.spec),
    hostPorts: hostPorts(pod.spec),
    neededFeatures: neededFeatures(pod.spec),
  }
}
