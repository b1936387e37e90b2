import type { Method } from '../contract/method.ts'
import { BY_DAEMON_SET, BY_OWN_CTR, containerdRuntime, distribution } from './containerd-runtime.ts'

const RUNTIME = containerdRuntime('k0s', {
  socket: '/run/k0s',
  storage: '/var/lib/k0s/containerd',
  configuration: '/etc/k0s',
})

export const k0s = {
  name: 'k0s',
  readme: { node: 'k0s', how: BY_DAEMON_SET },
  script: BY_OWN_CTR,
  seeding: distribution(/\+k0s/, RUNTIME),
} as const satisfies Method
