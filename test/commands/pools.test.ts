import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DaemonSet } from 'kubernetes-types/apps/v1.js'
import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { admittedPod } from '../../src/kubernetes/admission/admitted-pod.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { placementRefusal } from '../../src/kubernetes/placement/placement.ts'
import { schedulablePod } from '../../src/kubernetes/scheduler/schedulable-pod.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { type Blobs, lockImage, makeImage, makeLayer } from '../support/image-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const STARTUP = { key: 'nodeseed.dev/not-seeded', effect: 'NoSchedule' }

interface NodeFacts {
  readonly arch?: string
  readonly labels?: Record<string, string>
  readonly taints?: { key: string; effect: string }[]
  readonly pause?: string
}

function node(name: string, { arch = 'amd64', labels = {}, taints = [], pause = '3.10' }: NodeFacts = {}): Node {
  const well = { 'kubernetes.io/hostname': name, 'kubernetes.io/arch': arch, 'kubernetes.io/os': 'linux' }
  const nodeInfo = { architecture: arch, operatingSystem: 'linux', containerRuntimeVersion: 'containerd://2.0.0' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...well, ...labels } },
    spec: { taints },
    status: { nodeInfo: nodeInfo as never, images: [{ names: [`registry.k8s.io/pause:${pause}`] }] },
  }
}

const CONTROL_PLANE = {
  labels: { 'node-role.kubernetes.io/control-plane': '' },
  taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
}
const GPU = { labels: { pool: 'gpu' } }

/** Seeds two images, one of which a workload keeps to the nodes of the pool gpu. */
async function seed(nodes: readonly Node[], ...flags: string[]) {
  const directory = await temporaryDirectory()
  const blobs: Blobs = new Map()
  const images: LockedImage[] = []
  for (const name of ['web', 'train']) {
    const parts = [makeImage(blobs, [await makeLayer(blobs, { [name]: name })], { platform: 'linux/amd64' })]
    images.push(lockImage(`registry.example/${name}`, '1', parts[0]!.manifest, parts))
  }
  await writeTestBundle(join(directory, 'shop.tar'), images, blobs)
  await writeFile(join(directory, 'nodes.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: nodes }))
  await writeFile(
    join(directory, 'shop.json'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [deployment('web'), deployment('train', { pool: 'gpu' })],
    }),
  )
  const output = join(directory, 'out')
  const args = ['seed', join(directory, 'shop.tar'), '--nodes', join(directory, 'nodes.json'), '-o', output]
  const run = await runCli([...args, ...flags, join(directory, 'shop.json')])
  const daemonSet = async (name: string): Promise<DaemonSet> =>
    parse(await readFile(join(output, 'seeding', `daemonset-${name}.yaml`), 'utf8'))
  const placement = async () => JSON.parse(await readFile(join(output, 'placement.json'), 'utf8'))
  return { ...run, daemonSet, placement }
}

function deployment(name: string, nodeSelector?: Record<string, string>): object {
  const containers = [{ name: 'main', image: `registry.example/${name}:1`, imagePullPolicy: 'Never' }]
  const template = { metadata: { labels: { app: name } }, spec: { nodeSelector, containers } }
  const spec = { selector: { matchLabels: { app: name } }, template }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }
}

/** Whether the scheduler sends a pod of a DaemonSet to a node. */
function takes(daemonSet: DaemonSet, one: Node): boolean {
  const [workload] = readAllDocuments(JSON.stringify(daemonSet), 'daemonset')
    .flatMap(resourcesOf)
    .flatMap((resource) => workloadOf(resource) ?? [])
  return placementRefusal(schedulablePod(admittedPod(workload!)), one) === undefined
}

test('a node that joins later is one of the pool, also while its startup taint keeps others away', async () => {
  const { exitCode, stderr, daemonSet } = await seed([node('a'), node('b', GPU), node('cp', CONTROL_PLANE)], '--pools')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const one = await daemonSet('amd64-containerd')
  expect(takes(one, node('later', { taints: [STARTUP] }))).toBe(true)
  for (const other of [node('arm', { arch: 'arm64' }), node('cp2', CONTROL_PLANE)])
    expect(takes(one, other)).toBe(false)
  expect(takes(one, node('tainted', { taints: [{ key: 'dedicated', effect: 'NoSchedule' }] }))).toBe(false)
})

test('--pool-label tells pools apart, each with its own images', async () => {
  const nodes = [node('a'), node('b'), node('g', GPU)]
  const { exitCode, stderr, daemonSet, placement } = await seed(nodes, '--pools', '--pool-label', 'pool')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const [plain, gpu] = [await daemonSet('amd64-containerd'), await daemonSet('amd64-containerd-2')]
  expect([takes(plain, node('later')), takes(gpu, node('later'))]).toEqual([true, false])
  expect([takes(plain, node('later', GPU)), takes(gpu, node('later', GPU))]).toEqual([false, true])
  const keys = (one: DaemonSet) => one.spec!.template.metadata!.annotations!['nodeseed.dev/labels']!.split(',')
  const { sets } = await placement()
  const [web, train] = ['web', 'train'].map(
    (name) => sets.find(({ images }: { images: string[] }) => images.includes(`registry.example/${name}:1`)).label,
  )
  expect([keys(plain), keys(gpu).sort()]).toEqual([[web], [web, train].sort()])
})

test('a pool gets what any of its nodes may need: one that joins may be that node', async () => {
  const { placement } = await seed([node('a'), node('g', GPU)], '--pools')
  const { sets } = await placement()
  expect(sets.map(({ nodes }: { nodes: string[] }) => nodes)).toEqual([['a', 'g']])
})

test('a node that has its startup taint is seeded as it will be', async () => {
  const { exitCode, placement } = await seed([node('a', { taints: [STARTUP] }), node('g', GPU)])
  expect(exitCode).toBe(0)
  const { nodes } = await placement()
  expect(nodes.map((one: { node: string }) => one.node)).toEqual(['a', 'g'])
})

test('nodes of one pool that are not alike are selected by name, which is said', async () => {
  const nodes = [node('a'), node('b', { pause: '3.9' }), node('g', GPU)]
  const { exitCode, stderr, daemonSet } = await seed(nodes, '--pool-label', 'pool')
  expect(exitCode).toBe(0)
  expect(stderr).toMatch(
    /warning: nodes of group amd64-containerd are seeded by name \(a\): others of their pool differ/,
  )
  expect([
    takes(await daemonSet('amd64-containerd'), node('later')),
    takes(await daemonSet('amd64-containerd'), nodes[0]!),
  ]).toEqual([false, true])
})

test('what cannot go together is refused', async () => {
  expect(await seed([node('a')], '--pools', '--place-on', 'minimal')).toMatchObject({ exitCode: 2 })
  const broken = await seed([node('a')], '--pool-label', 'no label')
  expect(broken).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('not the key of a label: "no label"') })
})
