export type RuntimeName = 'containerd' | 'k3s' | 'rke2' | 'k0s' | 'microk8s' | 'cri-o' | 'docker'

/** A directory or socket of the host that a seeding pod sees at its own path. */
export interface HostPath {
  readonly path: string
  readonly type: 'Directory' | 'DirectoryOrCreate' | 'Socket'
  readonly writable?: boolean
  /** Whether mounts that come and go below it on the host must be seen, so that none is held or missed. */
  readonly followsMounts?: boolean
}

/** A container runtime as a seeding pod meets it; the rows of `detect_runtime` in seed.sh, seen from the host. */
export interface Runtime {
  readonly name: RuntimeName
  readonly hostPaths: readonly HostPath[]
  /** Whether the container must mount, make devices and own files as root does, and tell a process of the host something. */
  readonly privileged: boolean
}

/**
 * containerd: its socket's directory, as the socket is made anew at every start; where images lie, to see the space left
 * (images may lie elsewhere, then only that look is lost); and programs that are not below /usr, /bin or /sbin.
 */
function containerd(name: RuntimeName, socketDirectory: string, storage: string, ...programs: HostPath[]): Runtime {
  const hostPaths = [
    { path: socketDirectory, type: 'Directory' as const },
    { path: storage, type: 'DirectoryOrCreate' as const },
    ...programs,
  ]
  return { name, hostPaths, privileged: false }
}

export const RUNTIMES: Readonly<Record<RuntimeName, Runtime>> = {
  containerd: containerd('containerd', '/run/containerd', '/var/lib/containerd'),
  k3s: containerd('k3s', '/run/k3s/containerd', '/var/lib/rancher/k3s/agent/containerd', {
    path: '/var/lib/rancher/k3s/data',
    type: 'Directory',
  }),
  rke2: containerd('rke2', '/run/k3s/containerd', '/var/lib/rancher/rke2/agent/containerd', {
    path: '/var/lib/rancher/rke2/bin',
    type: 'Directory',
  }),
  k0s: containerd('k0s', '/run/k0s', '/var/lib/k0s/containerd'),
  microk8s: containerd(
    'microk8s',
    '/var/snap/microk8s/common/run',
    '/var/snap/microk8s/common/var/lib/containerd',
    // Each revision of a snap is a mount of its own.
    { path: '/snap', type: 'Directory', followsMounts: true },
  ),
  /**
   * skopeo or podman write where CRI-O reads, with the host's own settings: they unpack layers with owners and devices, and
   * mount overlays to see whether they can.
   */
  'cri-o': {
    name: 'cri-o',
    hostPaths: [
      { path: '/etc/containers', type: 'Directory' },
      { path: '/etc/crio', type: 'DirectoryOrCreate', writable: true },
      { path: '/var/lib/containers', type: 'DirectoryOrCreate', writable: true, followsMounts: true },
      { path: '/run/containers', type: 'DirectoryOrCreate', writable: true, followsMounts: true },
    ],
    privileged: true,
  },
  docker: {
    name: 'docker',
    hostPaths: [{ path: '/var/run/docker.sock', type: 'Socket' }],
    privileged: false,
  },
}
