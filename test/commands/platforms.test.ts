import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { formatPlatform } from '../../src/oci/platform.ts'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const ARM64 = { os: 'linux', architecture: 'arm64' }

/** A registry with one image as an index and one as a bare manifest, both for amd64 only, and one for both. */
async function registryOfThree(): Promise<MemoryRegistry> {
  const registry = await MemoryRegistry.start()
  const of = (repository: string, platform: typeof AMD64) => ({
    ...registry.addImage(repository, undefined, [Buffer.from(`${repository} ${platform.architecture}`)], { platform }),
    platform,
  })
  registry.addIndex('index', '1', [of('index', AMD64)])
  registry.addImage('manifest', '1', [Buffer.from('manifest')])
  registry.addIndex('both', '1', [of('both', AMD64), of('both', ARM64)])
  return registry
}

async function nodesFile(directory: string, ...architectures: string[]): Promise<string> {
  const items = architectures.map((architecture, at) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${at}`, labels: { 'kubernetes.io/arch': architecture } },
    status: { nodeInfo: { architecture, operatingSystem: 'linux' } },
  }))
  const file = join(directory, 'nodes.json')
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  return file
}

function pod(name: string, image: string, spec: object = {}): object {
  const containers = [{ name: 'main', image, imagePullPolicy: 'Never' }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...spec, containers } }
}

async function platformsIn(file: string): Promise<Record<string, string[]>> {
  const { images } = JSON.parse(await readFile(file, 'utf8')) as Lock
  return Object.fromEntries(
    images.map(({ reference, platforms }) => [
      reference.split('/')[1],
      platforms.map(({ platform }) => formatPlatform(platform)),
    ]),
  )
}

test('of each image is taken what it has, an index or a manifest alike, and what is lacking is said', async () => {
  const registry = await registryOfThree()
  const out = join(await temporaryDirectory(), 'mixed.lock')
  const images = ['index', 'manifest', 'both'].flatMap((name) => ['--image', `${registry.host}/${name}:1`])
  const platforms = ['--platform', 'linux/amd64', '--platform', 'linux/arm64']
  const { exitCode, stdout } = await runCli(['lock', ...images, ...platforms, '-o', out, '--json'])
  expect(exitCode).toBe(0)
  expect(await platformsIn(out)).toEqual({
    'index:1': ['linux/amd64'],
    'manifest:1': ['linux/amd64'],
    'both:1': ['linux/amd64', 'linux/arm64'],
  })
  const { omissions } = JSON.parse(stdout)
  const said = ['index', 'manifest'].map((name) => `${registry.host}/${name}:1 for linux/arm64`)
  expect(omissions).toMatchObject([{ code: 'PLATFORM_LEFT_OUT', entries: said.map((subject) => ({ subject })) }])
  // A lock that is taken again says it too.
  const again = await runCli(['bundle', out, ...platforms, '-o', `${out}.tar`])
  expect(again).toMatchObject({ exitCode: 0 })
  expect(again.stderr).toContain(`not made: ${registry.host}/index:1 for linux/arm64`)
})

test('it fails only where a workload would have no node', async () => {
  const registry = await registryOfThree()
  const directory = await temporaryDirectory()
  const nodes = await nodesFile(directory, 'amd64', 'arm64')
  const bundle = async (name: string, image: string, spec?: object) => {
    const manifest = join(directory, `${name}.json`)
    await writeFile(manifest, JSON.stringify(pod(name, `${registry.host}/${image}:1`, spec)))
    return runCli(['bundle', manifest, '--nodes', nodes, '-o', join(directory, `${name}.tar`)])
  }
  for (const image of ['index', 'manifest']) {
    const anywhere = await bundle(`anywhere-${image}`, image)
    expect(anywhere, anywhere.stderr).toMatchObject({ exitCode: 0 })
    expect(anywhere.stderr).toContain(`${registry.host}/${image}:1 for linux/arm64`)
    const { exitCode, stderr } = await bundle(`arm-${image}`, image, {
      nodeSelector: { 'kubernetes.io/arch': 'arm64' },
    })
    expect(stderr).toContain(
      `Pod arm-${image} could run on no node: for linux/arm64 is not made ${registry.host}/${image}:1`,
    )
    expect(stderr).toContain('code: PLATFORM_UNAVAILABLE')
    expect(exitCode).toBe(3)
  }
})

const CONFIGS = {
  'that names no platform': {},
  'of a variant that nodes do not tell': { os: 'linux', architecture: 'amd64', variant: 'v2' },
}

for (const [what, config] of Object.entries(CONFIGS)) {
  test(`a manifest with a config ${what} is taken, with a note`, async () => {
    const registry = await MemoryRegistry.start()
    registry.addImage('app', '1', [Buffer.from('layer')], { platform: config as typeof AMD64 })
    const out = join(await temporaryDirectory(), 'app.lock')
    const { exitCode, stderr } = await runCli(['lock', '--image', `${registry.host}/app:1`, '-o', out])
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(
      /1 platform that is assumed: .*app:1 for linux\/amd64 \(its config (names no platform|says linux\/amd64\/v2)\)/,
    )
    expect(await platformsIn(out)).toEqual({ 'app:1': ['linux/amd64'] })
  })
}

test('a manifest that is made for something else is not taken', async () => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.from('layer')], { platform: ARM64 })
  const out = join(await temporaryDirectory(), 'app.lock')
  const { exitCode, stderr } = await runCli(['lock', '--image', `${registry.host}/app:1`, '-o', out])
  expect(stderr).toMatch(/app:1: is not made for linux\/amd64; it has linux\/arm64 \[PLATFORM_UNAVAILABLE\]/)
  expect(exitCode).toBe(3)
})
