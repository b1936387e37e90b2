import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Container, Node, Volume } from 'kubernetes-types/core/v1.js'
import { expect, onTestFinished } from 'vitest'
import { type Seeding, seedingDaemonSet } from '../../src/seed/daemon-set.ts'
import { groupNodes } from '../../src/seed/node-group.ts'
import { seedableNodes } from '../../src/seed/seedable-node.ts'
import { seedSetDigest } from '../../src/seed-set.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Containerd, PAUSE_IMAGE, startContainerd } from '../support/containerd.ts'
import type { CriContainer } from '../support/cri.ts'
import { testWith, tool } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT } from '../support/node-script.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })

withContainerd("the seeding container works on a scratch image, with the host's programs read-only", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const blobs: Blobs = new Map()
  const platform = thisPlatform()
  const web = makeImage(blobs, [await makeLayer(blobs, { 'etc/web': 'web' })], { platform })
  const image = lockImage('docker.io/library/web', '1', web.manifest, [web])
  const bundlePath = join(directory, 'bundle', 'web.tar')
  await mkdir(dirname(bundlePath))
  const lock = await writeTestBundle(bundlePath, [image], blobs)

  const containerd = await startContainerd()
  await importPauseImage(containerd, directory)
  const seeding: Seeding = {
    namespace: 'nodeseed',
    set: 'images',
    bundle: lock,
    scriptDigest: 'test',
    bundlePath,
    interval: 300,
  }
  const { seedable } = seedableNodes([node(platform)])
  const [group] = groupNodes(seedable, () => [seedSetDigest(lock)])
  const { spec } = seedingDaemonSet({ ...group!, lock }, seeding)
  const { initContainers: [seed] = [], volumes = [] } = spec?.template.spec ?? {}

  const host = await hostPaths(directory, containerd)
  const run = (name: string) => containerd.cri.runPod(name, criContainer(seed!, volumes, host))
  const first = await run('first')
  expect(first.exitCode, first.log).toBe(0)
  expect(report(first.log)).toMatchObject({ result: 'seeded', runtime: 'containerd', names: 2, imported: 2 })
  expect(await containerd.cri.imageStatus(image.names[1] ?? '')).toBeDefined()
  const termination = await readFile(host['/dev/termination-log'] ?? '', 'utf8')
  expect(JSON.parse(termination)).toMatchObject({ result: 'seeded', node: 'worker-1' })
  expect(report((await run('second')).log)).toMatchObject({ result: 'unchanged' })
})

function report(log: string): unknown {
  return JSON.parse(log.split('\n').find((line) => line.startsWith('{')) ?? '{}')
}

/** The scratch image that a node has before anything else: one program that waits, no shell, a user that is not root. */
async function importPauseImage(containerd: Containerd, directory: string): Promise<void> {
  const blobs: Blobs = new Map()
  const pause = makeImage(blobs, [await makeLayer(blobs, { busybox: await readFile(tool('busybox')) })], {
    platform: thisPlatform(),
    command: ['/busybox', 'sleep', '600'],
    user: '65535:65535',
  })
  const file = join(directory, 'pause.tar')
  await writeTestBundle(file, [lockImage('registry.k8s.io/pause', '3.9', pause.manifest, [pause])], blobs)
  await containerd.ctr('images', 'import', file)
}

function node(platform: string): Node {
  const [operatingSystem = '', architecture = ''] = platform.split('/')
  const nodeInfo = { operatingSystem, architecture, containerRuntimeVersion: 'containerd://1.6.20' }
  return {
    metadata: { name: 'worker-1', labels: { 'kubernetes.io/hostname': 'worker-1' } },
    status: { nodeInfo: nodeInfo as never, images: [{ names: [PAUSE_IMAGE] }] },
  }
}

/** What stands in for host paths: the test's own containerd, and a directory for the script. */
async function hostPaths(directory: string, containerd: Containerd): Promise<Record<string, string>> {
  const script = join(directory, 'script')
  await mkdir(script)
  await copyFile(NODE_SCRIPT, join(script, 'seed.sh'))
  await writeFile(join(directory, 'termination-log'), '')
  await mkdir(join(directory, 'tmp'))
  return {
    '/run/containerd': containerd.directory,
    '/var/lib/containerd': join(containerd.directory, 'root'),
    '/nodeseed/script': script,
    '/tmp': join(directory, 'tmp'),
    '/opt/bin': dirname(tool('ctr')),
    '/dev/termination-log': join(directory, 'termination-log'),
  }
}

/** What the kubelet makes of a container of a pod: its mounts, user, capabilities and read-only root. */
function criContainer(
  { image = '', command = [], args = [], env = [], volumeMounts = [], securityContext = {} }: Container,
  volumes: Volume[],
  host: Record<string, string>,
): CriContainer {
  const volumePaths = new Map(volumes.map(({ name, hostPath }) => [name, hostPath?.path]))
  return {
    image,
    command,
    args,
    envs: env.map(({ name, value = 'worker-1' }) => ({ key: name, value })),
    mounts: [
      ...volumeMounts.map(({ name, mountPath, readOnly = false }) => ({
        hostPath: host[mountPath] ?? volumePaths.get(name) ?? '',
        containerPath: mountPath,
        readonly: readOnly,
      })),
      { hostPath: host['/opt/bin'] ?? '', containerPath: '/opt/bin', readonly: true },
      { hostPath: host['/dev/termination-log'] ?? '', containerPath: '/dev/termination-log', readonly: false },
    ],
    runAsUser: securityContext.runAsUser,
    runAsGroup: securityContext.runAsGroup,
    dropCapabilities: securityContext.capabilities?.drop ?? [],
    readonlyRootfs: securityContext.readOnlyRootFilesystem ?? false,
  }
}
