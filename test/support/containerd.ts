import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { CriClient } from './cri.ts'
import { runTool, spawnTool } from './debian.ts'

/** The sandbox image of that containerd, for a test that runs pods. */
export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.9'

/** A containerd of the test's own: nothing of it lies outside its directory, not even `certs.d`. Needs root. */
export interface Containerd {
  readonly directory: string
  readonly socket: string
  readonly cri: CriClient
  /** Runs ctr in the namespace of Kubernetes; resolves to what it printed. */
  ctr(...args: string[]): Promise<string>
  /** Ends it before the test does. */
  stop(): Promise<void>
}

/**
 * Starts containerd with the CRI plugin; it is stopped, and its directory removed, when the test ends. `root` is where it
 * keeps images, when they are there before it. With `overlayfs: false` it unpacks by copying, as on a file system that
 * cannot be overlaid; with a snapshotter, for that one.
 */
export async function startContainerd({
  root,
  overlayfs = true,
  snapshotter = overlayfs ? undefined : 'native',
}: {
  root?: string
  overlayfs?: boolean
  snapshotter?: string | undefined
} = {}): Promise<Containerd> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-containerd-'))
  const socket = join(directory, 'containerd.sock')
  const config = join(directory, 'config.toml')
  await writeFile(
    config,
    configuration({ directory, root: root ?? join(directory, 'root'), socket, overlayfs, snapshotter }),
  )
  const server = spawnTool('containerd', ['--config', config])
  const cri = new CriClient(socket)
  const stop = async () => {
    server.kill('SIGTERM')
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  }
  onTestFinished(async () => {
    cri.close()
    await stop()
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })
  const ctr = async (...args: string[]) =>
    (await runTool('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args])).stdout
  await untilReady(cri, () => server.exitCode)
  return { directory, socket, cri, ctr, stop }
}

async function untilReady(cri: CriClient, exitCode: () => number | null): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (exitCode() !== null) throw new Error(`containerd ended with ${exitCode()}`)
    const answered = await cri.imageStatus('docker.io/library/none:1').then(
      () => true,
      () => false,
    )
    if (answered) return
    await sleep(100)
  }
  throw new Error('containerd does not answer over CRI')
}

interface Configuration {
  readonly directory: string
  readonly root: string
  readonly socket: string
  readonly overlayfs: boolean
  readonly snapshotter: string | undefined
}

function configuration({ directory, root, socket, overlayfs, snapshotter }: Configuration): string {
  return `
version = 2
root = "${root}"
state = "${directory}/state"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",${overlayfs ? '' : ' "io.containerd.snapshotter.v1.overlayfs",'}
]
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "${directory}/certs.d"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${directory}/cni"
  conf_dir = "${directory}/cni.d"
${snapshotter ? configured(snapshotter) : ''}`
}

// containerd 2 reads the snapshotter out of such an old configuration only when it names a runtime as well.
const configured = (snapshotter: string) => `
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "${snapshotter}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`
