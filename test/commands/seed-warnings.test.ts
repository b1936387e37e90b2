import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

interface NodeSpec {
  readonly architecture?: string
  readonly info?: object
}

async function seeding(nodes: Record<string, NodeSpec>) {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  const items = Object.entries(nodes).map(([name, { architecture = 'amd64', info }]) => ({
    ...{ apiVersion: 'v1', kind: 'Node' },
    metadata: { name, labels: { 'kubernetes.io/arch': architecture, 'kubernetes.io/os': 'linux' } },
    status: {
      nodeInfo: info ?? { architecture, operatingSystem: 'linux', containerRuntimeVersion: 'containerd://2.0.0' },
      images: [{ names: ['registry.k8s.io/pause:3.10'] }],
    },
  }))
  await writeFile(at('nodes.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.from('base')])
  const bundle = (name: string, tag: string, ...options: string[]) =>
    runCli(['bundle', '--image', `${registry.host}/app:${tag}`, '-o', at(name), ...options])
  expect(await bundle('base.tar', '1')).toMatchObject({ exitCode: 0 })
  const seed = (file: string, ...options: string[]) =>
    runCli(['seed', at(file), '--nodes', at('nodes.json'), '-o', at(`out-${file}`), ...options])
  return { at, registry, bundle, seed }
}

test('nodes for whose platform the bundle holds nothing are named', async () => {
  const mixed = await seeding({ worker: {}, edge: { architecture: 'arm64' } })
  const { exitCode, stdout, stderr } = await mixed.seed('base.tar')
  expect(stderr).toContain('warning: the bundle holds no image for linux/arm64: edge gets nothing\n  try: Bundle again')
  expect(stdout).toContain('worker')
  expect(exitCode).toBe(0)
})

test('a bundle for another architecture than all nodes have is no, with the reason', async () => {
  const other = await seeding({ 'edge-1': { architecture: 'arm64' }, 'edge-2': { architecture: 'arm64' } })
  const { exitCode, stderr } = await other.seed('base.tar')
  expect(stderr).toContain('error: the bundle holds no image for linux/arm64: edge-1, edge-2 get nothing')
  expect(exitCode).toBe(4)
})

test('a node that reports nothing is said to, with a method as without', async () => {
  const silent = await seeding({ worker: {}, fresh: { info: {} } })
  for (const options of [[], ['--method', 'fresh=containerd', '--force']]) {
    const { exitCode, stderr } = await silent.seed('base.tar', ...options)
    expect(stderr).toContain('node fresh cannot be seeded by a pod: it does not say which runtime it has')
    expect(exitCode).toBe(4)
  }
})

test('a limit that was asked for is named, not the disk', async () => {
  const { seed } = await seeding({ worker: {} })
  const { exitCode, stderr } = await seed('base.tar', '--max-per-node', '1')
  expect(stderr).toContain('the images that every node gets would be more than --max-per-node\n  try: Raise')
  expect(exitCode).toBe(4)
})

test('of a delta it is said that nodes need the base', async () => {
  const { at, registry, bundle, seed } = await seeding({ worker: {} })
  registry.addImage('app', '2', [Buffer.from('base'), Buffer.from('more')])
  expect(await bundle('delta.tar', '2', '--since', at('base.tar'))).toMatchObject({ exitCode: 0 })
  expect((await runCli(['verify', at('delta.tar')])).stdout).toContain('a delta: its receiver has 1 blob with')
  const { exitCode, stderr } = await seed('delta.tar')
  expect(stderr).toContain('delta.tar is a delta: only nodes that still hold 1 blob with')
  expect(stderr).toContain(`try: For other nodes merge it with its base first: nodeseed merge BASE ${at('delta.tar')}`)
  expect(exitCode).toBe(0)
})
