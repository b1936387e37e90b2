import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from '../support/debian.ts'

/** The sandbox image of the nodes. */
export const PAUSE = 'registry.k8s.io/pause:3.9'

/** What runs the containers of a node. Lines are for a shell on the node. */
export interface NodeRuntime {
  /** Puts its programs and its configuration where the node sees them: `usr`, `etc` below that directory. */
  install(directory: string): Promise<void>
  /** Starts it. */
  readonly command: string
  /** Where the kubelet finds it. */
  readonly endpoint: string
  /** Ends with 0 once it answers. */
  readonly isUp: string
  /** Brings in the sandbox image from that archive. */
  takePause(archive: string): string
}

export const CONTAINERD: NodeRuntime = {
  install: async (directory) => {
    await mkdir(join(directory, 'usr/bin'), { recursive: true })
    for (const one of ['containerd', 'ctr', 'runc'] as const) await cp(tool(one), join(directory, 'usr/bin', one))
    const shim = 'containerd-shim-runc-v2'
    await cp(join(tool('containerd'), '..', shim), join(directory, 'usr/bin', shim))
    await mkdir(join(directory, 'etc/containerd'), { recursive: true })
    await writeFile(join(directory, 'etc/containerd/live.toml'), CONFIGURATION)
  },
  command: 'containerd --config /etc/containerd/live.toml',
  endpoint: '/run/containerd/containerd.sock',
  isUp: 'ctr version',
  takePause: (archive) => `ctr -n k8s.io images import ${archive}`,
}

const CONFIGURATION = `
version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
`
