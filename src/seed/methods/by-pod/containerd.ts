import type { Method } from '../contract/method.ts'
import { BY_DAEMON_SET, BY_OWN_CTR, containerdRuntime, usesContainerd } from './containerd-runtime.ts'

const RUNTIME = containerdRuntime('containerd', {
  socket: '/run/containerd',
  storage: '/var/lib/containerd',
  configuration: '/etc/containerd',
})

/** Kubernetes with a containerd of its own, as kubeadm and most services have it. */
export const containerd = {
  name: 'containerd',
  otherNames: ['kubeadm', 'ctr', 'cri-containerd'],
  readme: { node: 'containerd', how: BY_DAEMON_SET },
  script: BY_OWN_CTR,
  seeding: { by: 'pod', isReportedBy: usesContainerd, runtimeOf: () => RUNTIME },
} as const satisfies Method
