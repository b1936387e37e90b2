import type { Method } from '../contract/method.ts'
import { BY_DAEMON_SET, BY_OWN_CTR, containerdRuntime, distribution } from './containerd-runtime.ts'

const RUNTIME = containerdRuntime(
  'k3s',
  {
    socket: '/run/k3s/containerd',
    storage: '/var/lib/rancher/k3s/agent/containerd',
    configuration: '/var/lib/rancher/k3s/agent/etc',
  },
  {
    path: '/var/lib/rancher/k3s/data',
    type: 'Directory',
  },
)

export const k3s = {
  name: 'k3s',
  readme: { node: 'k3s', how: BY_DAEMON_SET },
  script: BY_OWN_CTR,
  seeding: distribution(/\+k3s/, RUNTIME),
} as const satisfies Method
