import type { Node } from 'kubernetes-types/core/v1.js'

export type RuntimeName = 'containerd' | 'k3s' | 'rke2' | 'k0s' | 'microk8s'

/** Where a distribution keeps its containerd, seen from the host. */
export interface Runtime {
  readonly name: RuntimeName
  /** Holds the socket. The directory, not the socket: that is made anew at every start. */
  readonly socketDirectory: string
  /** Where images and layers lie, to see how much space is left. */
  readonly storage: string
  /** Holds programs that are not below /usr, /bin or /sbin. */
  readonly programs: readonly string[]
}

/** The rows of `detect_runtime` in seed.sh, with what a pod must see of the host to use them. */
const RUNTIMES: Readonly<Record<RuntimeName, Runtime>> = {
  containerd: {
    name: 'containerd',
    socketDirectory: '/run/containerd',
    storage: '/var/lib/containerd',
    programs: [],
  },
  k3s: {
    name: 'k3s',
    socketDirectory: '/run/k3s/containerd',
    storage: '/var/lib/rancher/k3s/agent/containerd',
    programs: ['/var/lib/rancher/k3s/data'],
  },
  rke2: {
    name: 'rke2',
    socketDirectory: '/run/k3s/containerd',
    storage: '/var/lib/rancher/rke2/agent/containerd',
    programs: ['/var/lib/rancher/rke2/bin'],
  },
  k0s: {
    name: 'k0s',
    socketDirectory: '/run/k0s',
    storage: '/var/lib/k0s/containerd',
    programs: [],
  },
  microk8s: {
    name: 'microk8s',
    socketDirectory: '/var/snap/microk8s/common/run',
    storage: '/var/snap/microk8s/common/var/lib/containerd',
    programs: ['/snap'],
  },
}

/** The runtime of a node, from what its kubelet reports; undefined for one that no script of ours can seed. */
export function runtimeOf({ status, metadata }: Node): Runtime | undefined {
  const { containerRuntimeVersion = '', kubeletVersion = '', osImage = '' } = status?.nodeInfo ?? {}
  if (!containerRuntimeVersion.startsWith('containerd://') || /^(Talos|Bottlerocket)/.test(osImage)) return undefined
  const distribution = /\+(k3s|rke2|k0s)/.exec(kubeletVersion)?.[1] as 'k3s' | 'rke2' | 'k0s' | undefined
  if (distribution) return RUNTIMES[distribution]
  return metadata?.labels?.['microk8s.io/cluster'] ? RUNTIMES.microk8s : RUNTIMES.containerd
}
