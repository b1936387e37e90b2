import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Descriptor } from '../src/oci/descriptor.ts'
import { runCli } from './support/cli.ts'
import { startContainerd } from './support/containerd.ts'
import { testWith, tool, toolEnvironment } from './support/debian.ts'
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.ts'
import { thisPlatform } from './support/image-maker.ts'
import { ImageBuilder, pushIndex } from './support/images.ts'
import { temporaryDirectory } from './support/temporary.ts'

const run = promisify(execFile)
const withEverything = testWith(['docker-registry', 'umoci', 'skopeo', 'containerd', 'ctr', 'runc', 'busybox'], {
  root: true,
})

let directory: string
let registry: DockerRegistry
let web: Descriptor
let api: Descriptor

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  registry = await startDockerRegistry(directory)
  const builder = await ImageBuilder.create(directory)
  const program = await builder.layer('bin/busybox', await readFile(tool('busybox')))
  const children: Descriptor[] = []
  for (const platform of [thisPlatform(), 'linux/386', 'linux/s390x']) {
    const [os = '', architecture = ''] = platform.split('/')
    const own = await builder.layer('etc/platform', platform)
    const command = ['/bin/busybox', 'echo', 'web starts on', platform]
    await builder.image(architecture, [program, own], { platform, command })
    const child = await builder.push(architecture, `${registry.host}/shop/web:${architecture}`)
    children.push({ ...child, platform: { os, architecture } })
  }
  web = await pushIndex(`${registry.host}/shop/web:1.4`, children)
  await builder.image('api', [program], { platform: thisPlatform(), command: ['/bin/busybox', 'echo', 'api starts'] })
  api = await builder.push('api', `${registry.host}/shop/api:2`, { format: 'v2s2' })
})

afterAll(async () => {
  await registry?.stop()
  await rm(directory, { recursive: true, force: true })
})

withEverything('manifests and a registry here, pods that start on a node without one there', async () => {
  const work = await temporaryDirectory()
  const references = {
    tag: `${registry.host}/shop/web:1.4`,
    digest: `${registry.host}/shop/web@${web.digest}`,
    both: `${registry.host}/shop/api:2@${api.digest}`,
  }
  const containers = Object.entries(references).map(([name, image]) => ({ name, image, imagePullPolicy: 'Never' }))
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'all' }, spec: { containers } }
  await writeFile(join(work, 'pod.json'), JSON.stringify(pod))

  const bundle = join(work, 'shop.tar')
  const bundled = await runCli(['bundle', join(work, 'pod.json'), '--platform', thisPlatform(), '-o', bundle])
  expect(bundled).toMatchObject({ exitCode: 0 })
  await registry.stop()

  const containerd = await startContainerd()
  const node = `tar -xOf ${bundle} nodeseed/seed.sh | sh -s -- --address ${containerd.socket} ${bundle}`
  const seeded = await run('sh', ['-c', node], { env: toolEnvironment() })
  expect(JSON.parse(seeded.stdout)).toMatchObject({ runtime: 'containerd', result: 'seeded', missingCount: 0 })

  for (const reference of Object.values(references)) {
    expect(await containerd.cri.imageStatus(reference), reference).toBeDefined()
  }
  const never = `${registry.host}/shop/web@sha256:${'0'.repeat(64)}`
  expect(await containerd.cri.imageStatus(never)).toBeUndefined()

  const start = (name: string, id: string) => containerd.ctr('run', '--rm', '--snapshotter', 'overlayfs', name, id)
  expect(await start(references.tag, 'web')).toBe(`web starts on ${thisPlatform()}\n`)
  expect(await start(`${registry.host}/shop/api@${api.digest}`, 'api')).toBe('api starts\n')

  const listed = await containerd.ctr('images', 'ls')
  expect(listed.match(/io\.cri-containerd\.pinned=pinned/g)).toHaveLength(3)
  const again = await run('sh', ['-c', node], { env: toolEnvironment() })
  expect(JSON.parse(again.stdout)).toMatchObject({ result: 'unchanged', imported: 0, pinned: 0 })
  expect(await containerd.ctr('images', 'ls')).toBe(listed)
})
