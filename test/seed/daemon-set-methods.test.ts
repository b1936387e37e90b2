import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Container, Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { expect, onTestFinished } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { groupNodes } from '../../src/seed/nodes/node-group.ts'
import { seedableNodes } from '../../src/seed/nodes/seedable-node.ts'
import { seedingDaemonSet } from '../../src/seed/output/daemon-set.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { PAUSE_IMAGE, startContainerd } from '../support/containerd.ts'
import type { CriContainer } from '../support/cri.ts'
import { DEBIAN_ROOT, runTool, testWith, tool, toolEnvironment } from '../support/debian.ts'
import { startDocker } from '../support/dockerd.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testImages } from '../support/test-images.ts'

// Their pods run under containerd here: what a pod may do, and what it sees of its host, is the same.
const TOOLS = ['containerd', 'ctr', 'runc', 'busybox'] as const

testWith([...TOOLS, 'docker', 'dockerd'], { root: true })(
  "docker: the seeding container works by the host's docker, with its socket alone",
  async () => {
    const docker = await startDocker()
    const { images, run, notes } = await seedingPod('docker://20.10.24', { '/var/run/docker.sock': docker.socket })
    const first = await run('first')
    expect(first.exitCode, first.log).toBe(0)
    expect(report(first.log)).toMatchObject({ result: 'seeded', runtime: 'docker', names: 4, imported: 4 })
    for (const { names, platforms } of images) {
      const id = await docker.docker('image', 'inspect', '--format', '{{.Id}}', names[0] ?? '')
      expect(id.trim()).toBe(platforms[0]?.config.digest)
    }
    expect(report((await run('second')).log)).toMatchObject({ result: 'unchanged' })
    expect(await notes()).toEqual(['docker-images'])
  },
)

testWith([...TOOLS, 'skopeo'], { root: true })(
  "CRI-O: the seeding container works by the host's skopeo, pins, and lets CRI-O read its configuration again",
  async () => {
    const host = await crioHost()
    const crio = await fakeCrio(host.directory)
    const { images, run } = await seedingPod('cri-o://1.33.1', host.paths)
    const first = await run('first')
    expect(first.exitCode, first.log).toBe(0)
    expect(report(first.log)).toMatchObject({ result: 'seeded', runtime: 'cri-o', method: 'skopeo', names: 4 })
    for (const { names, target, platforms } of images) {
      for (const name of names) {
        const { stdout } = await runTool('skopeo', ['inspect', '--raw', `containers-storage:${name}`], host)
        expect(digestOf(stdout), name).toBe(name.includes('@') ? target.digest : platforms[0]?.manifest.digest)
      }
    }
    expect(await readFile(join(host.directory, 'crio/crio.conf.d/99-nodeseed.conf'), 'utf8')).toContain('pinned_images')
    expect(await crio.exitCode).toBe(0)
    expect(report((await run('second')).log)).toMatchObject({ result: 'unchanged' })
  },
)

testWith([...TOOLS], { root: true })(
  'CRI-O: a host without skopeo and podman says so in its termination message',
  async () => {
    const host = await crioHost()
    const [bin, empty] = [await temporaryDirectory(), await temporaryDirectory()]
    const { stdout } = await runTool('busybox', ['--list'])
    await copyFile(tool('busybox'), join(bin, 'busybox'))
    const names = stdout.split('\n').filter((name) => name && name !== 'busybox')
    await Promise.all(names.map((name) => symlink('busybox', join(bin, name))))
    const programs = { '/bin': bin, '/usr': empty, '/sbin': empty, '/opt/bin': empty }
    const { run } = await seedingPod('cri-o://1.33.1', { ...host.paths, ...programs })
    const { exitCode, log } = await run('first')
    expect(exitCode).toBe(3)
    expect(report(log)).toMatchObject({
      result: 'failed',
      message: expect.stringContaining('through skopeo or podman, and neither is on this node'),
    })
  },
)

/** What CRI-O keeps on a host: its storage, and where its configuration is. */
async function crioHost() {
  const directory = await temporaryDirectory()
  for (const name of ['containers', 'crio', 'storage', 'run']) await mkdir(join(directory, name))
  const storage = (graph: string, run: string) =>
    `[storage]\ndriver = "overlay"\ngraphroot = "${graph}"\nrunroot = "${run}"\n`
  await writeFile(
    join(directory, 'containers', 'storage.conf'),
    storage('/var/lib/containers/storage', '/run/containers/storage'),
  )
  const ours = join(directory, 'storage.conf')
  // Without a mount of its own, which would outlive the test.
  const options = '[storage.options.overlay]\nskip_mount_home = "true"\n'
  await writeFile(ours, storage(join(directory, 'storage/storage'), join(directory, 'run/storage')) + options)
  const paths = {
    '/etc/containers': join(directory, 'containers'),
    '/etc/crio': join(directory, 'crio'),
    '/var/lib/containers': join(directory, 'storage'),
    '/run/containers': join(directory, 'run'),
  }
  return { directory, paths, env: { CONTAINERS_STORAGE_CONF: ours } }
}

/** A process that is called crio, and ends well once it is told to read its configuration again. */
async function fakeCrio(directory: string): Promise<{ exitCode: Promise<number | null> }> {
  const program = join(directory, 'crio-program', 'crio')
  await mkdir(dirname(program))
  await writeFile(program, "#!/bin/sh\ntrap 'exit 0' HUP\necho ready\nwhile :; do sleep 0.1; done\n")
  await chmod(program, 0o755)
  const child = spawn(program, { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return { exitCode: once(child, 'exit').then(([code]) => code) }
}

function report(log: string): unknown {
  return JSON.parse(log.split('\n').find((line) => line.startsWith('{')) ?? '{}')
}

/** The init container of the DaemonSet for a node with that runtime, over a host that stands in for the node's. */
async function seedingPod(containerRuntimeVersion: string, hostPaths: Record<string, string>) {
  const directory = await temporaryDirectory()
  const { images, blobs } = await testImages()
  const bundlePath = join(directory, 'bundle', 'shop.tar')
  await mkdir(dirname(bundlePath))
  const lock = await writeTestBundle(bundlePath, images, blobs)
  const { seedable } = seedableNodes([node(containerRuntimeVersion)])
  const [group] = groupNodes(seedable, () => [seedSetDigest(lock)])
  const seeding = { namespace: 'nodeseed', set: 'images', scriptDigest: 'test', interval: 300 }
  const { spec } = seedingDaemonSet({ ...group!, lock }, { ...seeding, bundle: lock, bundlePath })

  const containerd = await startContainerd()
  await importPauseImage((...args) => containerd.ctr(...args), directory)
  await mkdir(join(directory, 'script'))
  await copyFile(NODE_SCRIPT, join(directory, 'script', 'seed.sh'))
  const own = (name: string) => join(directory, name)
  for (const name of ['tmp', 'brought']) await mkdir(own(name))
  const host = {
    ...{ '/nodeseed/script': own('script'), '/tmp': own('tmp'), '/var/lib/nodeseed/brought': own('brought') },
    ...hostPaths,
  }
  const container = criContainer(spec?.template.spec ?? { containers: [] }, {
    '/opt/bin': dirname(tool('ctr')),
    ...host,
  })
  return {
    images: images as LockedImage[],
    run: (name: string) => containerd.cri.runPod(name, container),
    /** What the script noted on the node. */
    notes: () => readdir(own('brought')),
  }
}

function node(containerRuntimeVersion: string): Node {
  const [operatingSystem = '', architecture = ''] = thisPlatform().split('/')
  return {
    metadata: { name: 'worker-1', labels: { 'kubernetes.io/hostname': 'worker-1' } },
    status: {
      nodeInfo: { operatingSystem, architecture, containerRuntimeVersion } as never,
      images: [{ names: [PAUSE_IMAGE] }],
    },
  }
}

/** The scratch image that a node has before anything else: one program that waits. */
async function importPauseImage(ctr: (...args: string[]) => Promise<string>, directory: string): Promise<void> {
  const blobs: Blobs = new Map()
  const layer = await makeLayer(blobs, { busybox: await readFile(tool('busybox')) })
  const command = ['/busybox', 'sleep', '600']
  const pause = makeImage(blobs, [layer], { platform: thisPlatform(), command, user: '65535:65535' })
  const file = join(directory, 'pause.tar')
  await writeTestBundle(file, [lockImage('registry.k8s.io/pause', '3.9', pause.manifest, [pause])], blobs)
  await ctr('images', 'import', file)
}

/** What the kubelet makes of the init container; the tools' own libraries come beside those of the host. */
function criContainer(
  { initContainers: [seed] = [], volumes = [], hostPID }: PodSpec,
  host: Record<string, string>,
): CriContainer {
  const { image = '', command = [], args = [], env = [], volumeMounts = [], securityContext = {} } = seed as Container
  const paths = new Map(volumes.map(({ name, hostPath }) => [name, hostPath?.path]))
  const given = volumeMounts.map(({ name, mountPath, readOnly = false }) => ({
    hostPath: host[mountPath] ?? paths.get(name) ?? '',
    containerPath: mountPath,
    readonly: readOnly,
  }))
  const extra = ['/opt/bin', DEBIAN_ROOT].map((path) => ({
    hostPath: host[path] ?? path,
    containerPath: path,
    readonly: true,
  }))
  const libraries = { key: 'LD_LIBRARY_PATH', value: toolEnvironment().LD_LIBRARY_PATH ?? '' }
  return {
    image,
    command,
    args: args.filter((arg, index) => ![arg, args[index - 1]].includes('--report')),
    envs: [...env.map(({ name, value = 'worker-1' }) => ({ key: name, value })), libraries],
    mounts: [...given, ...extra],
    runAsUser: securityContext.runAsUser,
    runAsGroup: securityContext.runAsGroup,
    privileged: securityContext.privileged ?? false,
    dropCapabilities: securityContext.capabilities?.drop ?? [],
    hostProcesses: hostPID ?? false,
    readonlyRootfs: securityContext.readOnlyRootFilesystem ?? false,
  }
}
