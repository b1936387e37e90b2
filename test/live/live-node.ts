import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { toolEnvironment } from '../support/debian.ts'
import { CONTAINERD, type NodeRuntime } from './containerd-node.ts'
import type { ControlPlane } from './control-plane.ts'
import { connectNode, podSubnet, WAIT_FOR_LINK } from './node-network.ts'
import { eventually, type ProcessGroup } from './process-group.ts'

const run = promisify(execFile)

/** A node of its own: a runtime and a kubelet that see another /usr, /etc, /run and /var/lib than this machine. */
export interface LiveNode {
  readonly name: string
  /** Where the node's own directories lie on this machine: `var/lib`, `run`, `etc`, `usr`. */
  readonly directory: string
  /** The client of its containerd. */
  ctr(...args: readonly string[]): Promise<string>
  /** Runs a shell line as somebody who is logged in to the node. */
  sh(line: string): Promise<string>
}

/** Below it are the control groups of all pods. */
export const CGROUP = '/nodeseed-live'

const OWN = ['/run', '/var/lib', '/var/log', '/opt']
const OVERLAID = ['/etc', '/usr']

/** Starts the runtime with the sandbox image, then the kubelet, and waits until the API server says that it is ready. */
export async function startNode(
  { name, address, offset, taints = [], disk, kubelet: settings = {}, runtime = CONTAINERD }: NewNode,
  { binaries, base, pause, cluster, processes }: NodeParts,
): Promise<LiveNode> {
  const directory = join(base, name)
  for (const path of OWN) await mkdir(join(directory, path), { recursive: true })
  if (disk) await run('mount', ['-t', 'tmpfs', '-o', `size=${disk}`, name, join(directory, '/var/lib')])
  for (const path of OVERLAID) {
    await mkdir(join(directory, 'work', path), { recursive: true })
    await mkdir(join(directory, path), { recursive: true })
  }
  await cp(join(binaries, 'cni'), join(directory, 'opt/cni/bin'), { recursive: true })
  await mkdir(join(directory, 'etc/cni/net.d'), { recursive: true })
  await writeFile(join(directory, 'etc/cni/net.d/10-live.conflist'), JSON.stringify(network(offset)))
  await runtime.install(directory)
  const configuration = { ...kubelet(offset, runtime.endpoint), registerWithTaints: taints, ...settings }
  await writeFile(join(directory, 'etc/kubelet.yaml'), JSON.stringify(configuration))

  const mounts = [
    ...OWN.map((path) => `mount --bind ${join(directory, path)} ${path}`),
    ...OVERLAID.map(
      (path) =>
        `mount -t overlay -o lowerdir=${path},upperdir=${join(directory, path)},workdir=${join(directory, 'work', path)} live ${path}`,
    ),
    // Seen at two places, its disk would sometimes be two disks to the kubelet, which then looks for images on another one.
    ...(disk ? [`umount ${join(directory, '/var/lib')}`] : []),
    // As on a node that systemd has started: what is mounted later is seen by containers that ask for it.
    'mount --make-rshared /',
  ]
  // /etc/cni and /opt come before the runtime, which reads them when it starts.
  const script = [WAIT_FOR_LINK, ...mounts, `exec ${runtime.command}`].join(' && ')
  const env = toolEnvironment({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }) as NodeJS.ProcessEnv
  const server = processes.start(
    `${name}-runtime`,
    'unshare',
    ['--mount', '--net', '--propagation', 'private', 'sh', '-ec', script],
    env,
  )
  await connectNode(server.pid ?? 0, { address, offset })
  const inside = ['--target', String(server.pid), '--mount', '--net']
  const sh = async (line: string) =>
    (await run('nsenter', [...inside, 'sh', '-ec', line], { env, maxBuffer: 1 << 26 })).stdout
  const ctr = async (...args: readonly string[]) =>
    (await run('nsenter', [...inside, 'ctr', '-n', 'k8s.io', ...args], { env, maxBuffer: 1 << 26 })).stdout
  await eventually(() => sh(runtime.isUp))
  await sh(runtime.takePause(pause))

  processes.start(
    `${name}-kubelet`,
    'nsenter',
    [
      ...[...inside, join(binaries, 'kubelet'), '--config=/etc/kubelet.yaml', `--hostname-override=${name}`],
      ...[`--kubeconfig=${await cluster.kubeconfigOf(name)}`, `--node-ip=${address}`, '--v=3'],
      '--cert-dir=/var/lib/kubelet/pki',
    ],
    env,
  )
  await eventually(async () => {
    const { status } = await cluster.get('node', name)
    return status.conditions.find((one: { type: string }) => one.type === 'Ready').status === 'True' || undefined
  })
  return { name, directory, ctr, sh }
}

export interface NewNode {
  readonly name: string
  readonly address: string
  /** Of its ports and of its network. */
  readonly offset: number
  /** What it registers with. */
  readonly taints?: readonly { key: string; effect: string }[]
  /** The size of a disk of its own for /var/lib, such as 300m. Default: that of this machine. */
  readonly disk?: string
  /** What its kubelet is configured by besides. */
  readonly kubelet?: object
  /** Default: containerd. */
  readonly runtime?: NodeRuntime
}

interface NodeParts {
  readonly binaries: string
  readonly base: string
  /** The sandbox image as an archive. */
  readonly pause: string
  readonly cluster: ControlPlane
  readonly processes: ProcessGroup
}

function network(offset: number): object {
  return {
    cniVersion: '0.4.0',
    name: 'live',
    plugins: [
      {
        type: 'bridge',
        bridge: `cni${offset}`,
        isGateway: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: podSubnet(offset) }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
    ],
  }
}

function kubelet(offset: number, endpoint: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupsPerQOS: false,
    cgroupRoot: CGROUP,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    failCgroupV1: false,
    containerRuntimeEndpoint: `unix://${endpoint}`,
    port: 10250 + offset,
    healthzPort: 10350 + offset,
    resolvConf: '',
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
    // How full this machine's disk is says nothing of the node.
    imageGCHighThresholdPercent: 100,
    nodeStatusUpdateFrequency: '2s',
    nodeStatusReportFrequency: '2s',
    syncFrequency: '5s',
    evictionHard: { 'imagefs.available': '1%', 'nodefs.available': '1%', 'memory.available': '50Mi' },
    featureGates: { ImageVolume: true },
  }
}
