import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let directory: string
let image: string
const at = (name: string) => join(directory, name)

const PAUSE = ['--sandbox-image', 'registry.k8s.io/pause:3.10']

const NODE = {
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name: 'n1', labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' } },
  status: {
    nodeInfo: { containerRuntimeVersion: 'containerd://2.0.0', operatingSystem: 'linux', architecture: 'amd64' },
  },
}

/** A manifest in a directory of its own, a key, nodes, a bundle and what `seed` writes of it. */
beforeEach(async () => {
  directory = await temporaryDirectory()
  const registry = await MemoryRegistry.start()
  image = `${registry.host}/app:1`
  registry.addImage('app', '1', [Buffer.from('layer')])
  await mkdir(at('manifests'))
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' }, spec: { containers: [{ name: 'a', image }] } }
  await writeFile(at('manifests/app.yaml'), JSON.stringify(pod))
  await writeFile(at('nodes.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [NODE] }))
  await writeFile(at('values.yaml'), 'a: 1\n')
  await ok('keygen', '-o', at('k'))
  await ok('bundle', '--image', image, '-o', at('v1.tar'))
  await ok('seed', at('v1.tar'), at('manifests'), '--nodes', at('nodes.json'), ...PAUSE, '-o', at('out'))
  await symlink(at('manifests/app.yaml'), at('link.yaml'))
})

async function ok(...args: string[]): Promise<void> {
  const { exitCode, stderr } = await runCli(args)
  expect(exitCode, stderr).toBe(0)
}

const bundle = ['bundle', 'manifests/app.yaml', '--from', 'v1.tar', '--offline', '--force']
const lock = ['lock', 'manifests/app.yaml', '--from', 'v1.tar', '--offline', '--force']
const seed = ['seed', 'v1.tar', 'manifests', '--nodes', 'nodes.json', '--force', ...PAUSE]

/** In the directory, by the names that somebody would type. */
async function run(args: readonly string[]) {
  return runCli([...args], { cwd: directory })
}

test('no command replaces what it reads, with --force as without', async () => {
  const table: [args: string[], kept: string][] = [
    [[...bundle, '-o', 'manifests/app.yaml'], 'manifests/app.yaml'],
    [
      ['bundle', 'manifests', '--offline', '--from', 'v1.tar', '--force', '-o', 'manifests/app.yaml'],
      'manifests/app.yaml',
    ],
    [[...bundle, '--sign', 'k.key', '-o', 'k.key'], 'k.key'],
    [[...bundle, '--nodes', 'nodes.json', '-o', 'nodes.json'], 'nodes.json'],
    [[...bundle, '--values', 'values.yaml', '-o', 'values.yaml'], 'values.yaml'],
    [[...bundle, '-o', 'v1.tar'], 'v1.tar'],
    [['bundle', '--image', image, '--since', 'v1.tar', '--force', '-o', './v1.tar'], 'v1.tar'],
    [[...lock, '-o', 'v1.tar'], 'v1.tar'],
    [[...lock, '-o', 'manifests/app.yaml'], 'manifests/app.yaml'],
    [
      ['lock', 'manifests', '--offline', '--from', 'v1.tar', '--force', '-o', 'manifests/app.yaml'],
      'manifests/app.yaml',
    ],
    [
      ['lock', 'link.yaml', '--offline', '--from', 'v1.tar', '--force', '-o', 'manifests/app.yaml'],
      'manifests/app.yaml',
    ],
    [['merge', 'v1.tar', '--set-name', 'x', '--force', '-o', 'v1.tar'], 'v1.tar'],
    [['merge', 'v1.tar', '--sign', 'k.key', '--force', '-o', 'k.key'], 'k.key'],
    [['push', 'v1.tar', '127.0.0.1:1', '--image-map', 'v1.tar'], 'v1.tar'],
    [['patch', 'manifests', '--placement', 'out', '--force', '-o', 'out'], 'out/placement.json'],
    [[...seed, 'out/workloads', '-o', 'out'], 'out/placement.json'],
  ]
  for (const [args, kept] of table) {
    const before = await readFile(at(kept))
    const { exitCode, stderr } = await run(args)
    expect({ args, exitCode }, stderr).toEqual({ args, exitCode: 2 })
    expect(stderr).toContain('is an input of this run, or lies in one')
    expect((await readFile(at(kept))).equals(before)).toBe(true)
  }
})

test('what an earlier run wrote is replaced, also where it lies among the inputs', async () => {
  await copyFile(at('v1.tar'), at('manifests/old.tar'))
  await ok('lock', at('manifests'), '-o', at('manifests/shop.lock'))
  await copyFile(at('v1.tar'), at('out/v1.tar'))
  const table: string[][] = [
    ['lock', 'manifests', '--force', '-o', 'manifests/shop.lock'],
    ['lock', 'manifests/shop.lock', '--force', '-o', 'manifests/shop.lock'],
    ['bundle', 'manifests', '--set-name', 'shop', '--force', '-o', 'manifests/old.tar'],
    [...seed, '-o', 'out'],
    ['seed', 'out/v1.tar', 'manifests', '--nodes', 'nodes.json', '--force', ...PAUSE, '-o', 'out'],
  ]
  for (const args of table) {
    const { exitCode, stderr } = await run(args)
    expect({ args, exitCode }, stderr).toEqual({ args, exitCode: 0 })
  }
  await rm(at('out'), { recursive: true })
})
