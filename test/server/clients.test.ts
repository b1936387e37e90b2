import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { demoContent } from '../../src/demo/images.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { runTool, testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { copyWithSkopeo } from '../support/skopeo.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testImages } from '../support/test-images.ts'
import { writeBundleOf } from './bundle-of.ts'
import { type Serving, startServing } from './serving.ts'

const BOTH = ['amd64', 'arm64'] as const
const IMAGES = [
  { repository: 'docker.io/library/shop', tag: '1.0', architectures: BOTH },
  { repository: 'registry.example.com/library/shop', tag: '1.0', architectures: ['amd64'] as const },
  { repository: 'quay.example.com:5000/team/app', tag: '2.0', architectures: BOTH },
]

/** A server over a bundle whose two first images differ only in the upstream registry. */
async function serveImages(...args: string[]): Promise<{ server: Serving; lock: Lock; directory: string }> {
  const directory = await temporaryDirectory()
  const file = join(directory, 'bundle.tar')
  const lock = await writeBundleOf(await demoContent(IMAGES), file)
  return { server: await startServing([file, ...args]), lock, directory }
}

async function writeNodeFile({ nodeFiles }: Serving, runtime: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, nodeFiles.find((one) => one.runtime.startsWith(runtime))?.content ?? '')
}

testWith(['containerd', 'ctr', 'runc'], { root: true })(
  'the kubelet pulls every image through hosts.toml',
  async () => {
    const { server, lock } = await serveImages()
    const containerd = await startContainerd()
    await writeNodeFile(server, 'containerd', join(containerd.directory, 'certs.d', '_default', 'hosts.toml'))
    for (const { reference, names, target } of lock.images) {
      await containerd.cri.pullImage(reference)
      const pulled = await containerd.cri.imageStatus(reference)
      expect(pulled?.repoDigests).toEqual([names.find((name) => name.includes('@'))])
      expect(pulled?.repoDigests[0]).toContain(target.digest)
    }
    expect(server.log()).toContain('?ns=docker.io')
  },
)

testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })(
  'the kubelet pulls what lists platforms that the bundle leaves out',
  async () => {
    const file = join(await temporaryDirectory(), 'bundle.tar')
    const { images, blobs } = await testImages()
    await writeTestBundle(file, images, blobs)
    const server = await startServing([file])
    const { cri, directory } = await startContainerd()
    await writeNodeFile(server, 'containerd', join(directory, 'certs.d', '_default', 'hosts.toml'))
    for (const name of images.flatMap(({ names }) => names)) {
      await cri.pullImage(name)
      expect(await cri.imageStatus(name), name).toBeDefined()
    }
  },
)

testWith(['containerd', 'ctr', 'runc'], { root: true })('over TLS, with a password', async () => {
  const secrets = await temporaryDirectory()
  const users = join(secrets, 'users')
  await writeFile(users, 'node:secret\n')
  const { server, lock } = await serveImages('--tls-dir', secrets, '--users', users)
  const { cri, directory } = await startContainerd()
  const hosts = join(directory, 'certs.d', '_default', 'hosts.toml')
  await writeNodeFile(server, 'containerd', hosts)
  const filledIn = (await readFile(hosts, 'utf8'))
    .replace('/etc/nodeseed/tls.crt', join(secrets, 'tls.crt'))
    .replace('<base64 of user:password>', Buffer.from('node:secret').toString('base64'))
  await writeFile(hosts, filledIn)
  for (const { reference } of lock.images) {
    await cri.pullImage(reference)
    expect(await cri.imageStatus(reference)).toBeDefined()
  }
})

testWith(['containerd', 'ctr', 'runc'], { root: true })('a peer is asked first, and need not be there', async () => {
  const peer = await serveImages()
  const { server, lock } = await serveImages('--peer', peer.server.url)
  const { cri, directory } = await startContainerd()
  await writeNodeFile(server, 'containerd', join(directory, 'certs.d', '_default', 'hosts.toml'))
  const [first, second] = lock.images.map(({ reference }) => reference)
  await cri.pullImage(first!)
  expect(peer.server.log()).toContain('/manifests/')
  expect(server.log()).toBe('')
  peer.server.process.kill('SIGKILL')
  await cri.pullImage(second!)
  expect(server.log()).toContain('/manifests/')
})

testWith(['containerd', 'ctr', 'runc'], { root: true })('a peer hears where to get what it lacks', async () => {
  const { peer, asked } = await startForwardingPeer()
  const { server, lock } = await serveImages('--peer', peer)
  const { cri, directory } = await startContainerd()
  await writeNodeFile(server, 'containerd', join(directory, 'certs.d', '_default', 'hosts.toml'))
  for (const { reference } of lock.images) await cri.pullImage(reference)
  expect(new Set(asked)).toEqual(new Set([server.url]))
  expect(server.log()).toContain('/blobs/')
})

/** As the client of Dragonfly does since 2026: the header decides where it asks. It has nothing itself. */
async function startForwardingPeer(): Promise<{ peer: string; asked: unknown[] }> {
  const asked: unknown[] = []
  const server = createServer(async ({ method = '', url = '', headers }, response) => {
    const origin = headers['x-dragonfly-registry']
    asked.push(origin)
    const answer = await fetch(new URL(url, String(origin)), { method, headers: { accept: headers.accept ?? '*/*' } })
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { peer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

testWith(['containerd', 'ctr'], { root: true })('ctr pulls with --hosts-dir, by tag and by digest', async () => {
  const { server, lock, directory } = await serveImages()
  const { ctr } = await startContainerd()
  await writeNodeFile(server, 'containerd', join(directory, 'hosts', '_default', 'hosts.toml'))
  for (const { names, target } of lock.images) {
    for (const name of names) await ctr('images', 'pull', '--hosts-dir', join(directory, 'hosts'), name)
    const listed = await ctr('images', 'list', `name==${names[0]}`)
    expect(listed).toContain(target.digest)
  }
})

testWith(['skopeo'])('skopeo reads each upstream at its own path, as registries.conf says', async () => {
  const { server, lock, directory } = await serveImages()
  const registries = join(directory, 'registries.conf')
  await writeNodeFile(server, 'CRI-O', registries)
  for (const { reference, target } of lock.images) {
    const { stdout } = await runTool('skopeo', [
      '--registries-conf',
      registries,
      ...['inspect', '--no-tags', '--format', '{{.Digest}}', `docker://${reference}`],
    ])
    expect(stdout.trim()).toBe(target.digest)
  }
})

testWith(['podman'], { root: true })('podman pulls through registries.conf', async () => {
  const { server, lock, directory } = await serveImages()
  const registries = join(directory, 'registries.conf')
  const policy = join(directory, 'policy.json')
  await writeNodeFile(server, 'CRI-O', registries)
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}')
  const storage = ['--storage-driver', 'vfs', '--root', join(directory, 'root'), '--runroot', join(directory, 'run')]
  const podman = (...args: string[]) =>
    runTool('podman', [...storage, '--tmpdir', join(directory, 'tmp'), ...args], {
      env: { CONTAINERS_REGISTRIES_CONF: registries },
    })
  for (const { reference, target } of lock.images) {
    await podman('pull', '--quiet', '--signature-policy', policy, reference)
    const { stdout } = await podman('image', 'inspect', '--format', '{{.RepoDigests}}', reference)
    expect(stdout).toContain(target.digest)
  }
})

testWith(['docker-registry', 'skopeo'])('docker-registry pulls through from it', async () => {
  const { server, lock, directory } = await serveImages()
  const proxy = await startDockerRegistry(directory, undefined, server.url)
  onTestFinished(() => proxy.stop())
  for (const { reference, target } of lock.images.slice(1)) {
    const path = reference.replace(':5000/', '_5000/')
    await copyWithSkopeo(`${proxy.host}/${path}`, join(directory, 'copied'))
    const { stdout } = await runTool('skopeo', ['manifest-digest', join(directory, 'copied', 'manifest.json')])
    expect(stdout.trim()).toBe(target.digest)
  }
})
