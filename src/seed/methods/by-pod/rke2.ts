import type { Method } from '../contract/method.ts'
import { BY_DAEMON_SET, BY_OWN_CTR, containerdRuntime, distribution } from './containerd-runtime.ts'

const RUNTIME = containerdRuntime(
  'rke2',
  {
    socket: '/run/k3s/containerd',
    storage: '/var/lib/rancher/rke2/agent/containerd',
    configuration: '/var/lib/rancher/rke2/agent/etc',
  },
  {
    path: '/var/lib/rancher/rke2/bin',
    type: 'Directory',
  },
)

export const rke2 = {
  name: 'rke2',
  readme: { node: 'RKE2', how: BY_DAEMON_SET },
  script: BY_OWN_CTR,
  seeding: distribution(/\+rke2/, RUNTIME),
} as const satisfies Method
