import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Container, Node, Volume } from 'kubernetes-types/core/v1.js'
import { expect, onTestFinished } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { renderNames } from '../../src/bundle/format/node-files.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { groupNodes } from '../../src/seed/nodes/node-group.ts'
import { seedableNodes } from '../../src/seed/nodes/seedable-node.ts'
import { seedingDaemonSet } from '../../src/seed/output/daemon-set.ts'
import { BundleContent } from '../../src/server/registry/bundle-content.ts'
import { startServer } from '../server/running-server.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Containerd, PAUSE_IMAGE, startContainerd } from '../support/containerd.ts'
import type { CriContainer } from '../support/cri.ts'
import { runTool, testWith, tool } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })

withContainerd("the seeding container works on a scratch image, with the host's programs read-only", async () => {
  const { containerd, image, run, host } = await seedingPod()
  const first = await run('first')
  expect(first.exitCode, first.log).toBe(0)
  expect(report(first.log)).toMatchObject({ result: 'seeded', runtime: 'containerd', names: 2, imported: 2 })
  expect(await containerd.cri.imageStatus(image.names[1] ?? '')).toBeDefined()
  const termination = await readFile(host['/dev/termination-log'] ?? '', 'utf8')
  expect(JSON.parse(termination)).toMatchObject({ result: 'seeded', node: 'worker-1' })
  expect(report((await run('second')).log)).toMatchObject({ result: 'unchanged' })
})

withContainerd('a host whose /bin and /lib are no links into /usr, with busybox for programs', async () => {
  const { run, host } = await seedingPod()
  const [usr, bin] = [await temporaryDirectory(), await temporaryDirectory()]
  await copyFile(tool('busybox'), join(bin, 'busybox'))
  const { stdout } = await runTool('busybox', ['--list'])
  for (const name of stdout.split('\n').filter((name) => name && name !== 'busybox'))
    await symlink('busybox', join(bin, name))
  Object.assign(host, { '/usr': usr, '/sbin': usr, '/bin': bin })
  const { exitCode, log } = await run('unmerged')
  expect(exitCode, log).toBe(0)
  expect(report(log)).toMatchObject({ result: 'seeded', missingCount: 0 })
})

withContainerd('a bundle in parts on the node is read without joining them', async () => {
  const { run, bundlePath } = await seedingPod()
  const bytes = await readFile(bundlePath)
  const half = Math.ceil(bytes.length / 2) + 7
  await writeFile(`${bundlePath}.part001`, bytes.subarray(0, half))
  await writeFile(`${bundlePath}.part002`, bytes.subarray(half))
  await rm(bundlePath)
  const { exitCode, log } = await run('parts')
  expect(exitCode, log).toBe(0)
  expect(report(log)).toMatchObject({ result: 'seeded', names: 2, missingCount: 0 })
})

withContainerd(
  'a pod that has no bundle pulls from a registry, and its own files are not what the runtime sees',
  async () => {
    const { containerd, image, run } = await seedingPod({ fromRegistry: true })
    const { exitCode, log } = await run('pulling')
    expect(exitCode, log).toBe(0)
    expect(report(log)).toMatchObject({ result: 'seeded', names: 2, missingCount: 0 })
    for (const name of image.names) expect(await containerd.cri.imageStatus(name), name).toBeDefined()
  },
)

interface SeedingPod {
  readonly containerd: Containerd
  readonly image: LockedImage
  /** Where the bundle lies on this machine. */
  readonly bundlePath: string
  /** What stands in for paths of the host. */
  readonly host: Record<string, string>
  run(name: string): Promise<{ exitCode: number; log: string }>
}

/**
 * The init container of a generated DaemonSet, over a containerd and a bundle of the test's own. The bundle's index
 * lists another platform too, which is not in it.
 */
async function seedingPod({ fromRegistry = false } = {}): Promise<SeedingPod> {
  const directory = await temporaryDirectory()
  const blobs: Blobs = new Map()
  const platform = thisPlatform()
  const web = makeImage(blobs, [await makeLayer(blobs, { 'etc/web': 'web' })], { platform })
  const image = lockImage('docker.io/library/web', '1', makeIndex(blobs, [web], ['linux/s390x']), [web])
  const bundlePath = join(directory, 'bundle', 'web.tar')
  await mkdir(dirname(bundlePath))
  const lock = await writeTestBundle(bundlePath, [image], blobs)

  const containerd = await startContainerd()
  await importPauseImage(containerd, directory)
  const registry = fromRegistry ? `http://${await serve(bundlePath)}` : undefined
  const options = { namespace: 'nodeseed', set: 'images', scriptDigest: 'test', interval: 300, registry }
  const { seedable } = seedableNodes([node(platform)])
  const [group] = groupNodes(seedable, () => [seedSetDigest(lock)])
  const { spec } = seedingDaemonSet({ ...group!, lock }, { ...options, bundle: lock, bundlePath })
  const { initContainers: [seed] = [], volumes = [] } = spec?.template.spec ?? {}
  const host = await hostPaths(directory, containerd)
  await writeFile(join(host['/nodeseed/names'] ?? '', 'names.txt'), renderNames(lock))
  return {
    containerd,
    image,
    bundlePath,
    host,
    run: (name) => containerd.cri.runPod(name, criContainer(seed!, volumes, host)),
  }
}

async function serve(bundlePath: string): Promise<string> {
  const bundle = await openBundle(bundlePath)
  onTestFinished(() => bundle.close())
  return startServer(new BundleContent([bundle]))
}

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
  const names = join(directory, 'names')
  await mkdir(script)
  await mkdir(names)
  await copyFile(NODE_SCRIPT, join(script, 'seed.sh'))
  await writeFile(join(directory, 'termination-log'), '')
  await mkdir(join(directory, 'tmp'))
  return {
    '/run/containerd': containerd.directory,
    '/var/lib/containerd': join(containerd.directory, 'root'),
    '/nodeseed/script': script,
    '/nodeseed/names': names,
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
