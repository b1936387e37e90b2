import type { AdmittedPod } from '../admission/admitted-pod.ts'
import { type NodeFeature, neededFeatures } from '../pods/declared-features.ts'
import { type HostPort, hostPorts } from '../pods/host-port.ts'
import { podRequests, type Resources } from '../pods/pod-resources.ts'
import { type ClaimSet, claimDoubts } from '../storage/pod-claims.ts'

/** An admitted pod, with what it takes of a node summed up once for all nodes. */
export interface SchedulablePod extends AdmittedPod {
  readonly requests: Resources
  readonly hostPorts: readonly HostPort[]
  readonly neededFeatures: readonly NodeFeature[]
  /** The claims of its volumes; of a StatefulSet, those of each of its pods. */
  readonly claims: readonly ClaimSet[]
}

/** `claims` are left out where it does not matter which volumes it needs. */
export function schedulablePod(pod: AdmittedPod, claims: readonly ClaimSet[] = []): SchedulablePod {
  const { spec } = pod
  return {
    ...pod,
    doubts: [...pod.doubts, ...claimDoubts(claims)],
    requests: podRequests(spec),
    hostPorts: hostPorts(spec),
    neededFeatures: neededFeatures(spec),
    claims,
  }
}
