import type { Method } from '../contract/method.ts'
import { BY_DAEMON_SET, BY_OWN_CTR, containerdRuntime, usesContainerd } from './containerd-runtime.ts'

const RUNTIME = containerdRuntime(
  'microk8s',
  {
    socket: '/var/snap/microk8s/common/run',
    storage: '/var/snap/microk8s/common/var/lib/containerd',
    configuration: '/var/snap/microk8s/current/args',
  },
  // Each revision of a snap is a mount of its own.
  { path: '/snap', type: 'Directory', followsMounts: true },
)

export const microk8s = {
  name: 'microk8s',
  readme: { node: 'MicroK8s', how: BY_DAEMON_SET },
  script: BY_OWN_CTR,
  seeding: {
    by: 'pod',
    isReportedBy: (node) => usesContainerd(node) && Boolean(node.metadata?.labels?.['microk8s.io/cluster']),
    runtimeOf: () => RUNTIME,
    isDistribution: true,
  },
} as const satisfies Method
