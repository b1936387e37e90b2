import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { seededNodes } from '../../src/demo/after-seeding.ts'
import { readNodes } from '../../src/kubernetes/objects/node.ts'
import type { SeedingPlan } from '../../src/seed/plan.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'

const NODES = 'examples/seed/nodes.yaml'
const SHOP = 'examples/seed/shop.yaml'

/** A directory with a bundle of the example's images, and where the output may go. */
async function bundled(): Promise<{ directory: string; bundle: string; output: string; lock: Lock }> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const blobs: Blobs = new Map()
  const bundle = join(directory, 'shop.tar')
  const lock = await writeTestBundle(bundle, await shopImages(blobs), blobs)
  return { directory, bundle, output: join(directory, 'out'), lock }
}

test('the example becomes a directory of files, and a table of what each node gets', async () => {
  const { bundle, output } = await bundled()
  const { stdout, stderr, exitCode } = await runCli([
    ...['seed', bundle, '--nodes', NODES, '-o', output, '--guard', 'deny', SHOP],
  ])
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  const generic = await withoutDigests(output)
  expect(generic(stdout.split('\n\n')[0] ?? '')).toMatchInlineSnapshot(`
    "NODE      SETS                               IMAGES  SIZE
    worker-1  <set 1>,<set 2>  2       2.4 kB
    edge-1    <set 1>                   1       1.8 kB"
  `)
  expect((await readdir(output, { recursive: true })).sort()).toMatchInlineSnapshot(`
    [
      ".nodeseed-files",
      "guard",
      "guard/kustomization.yaml",
      "guard/node-selectors.yaml",
      "guard/policy.yaml",
      "labels.sh",
      "placement.json",
      "seed.sh",
      "seeding",
      "seeding/daemonset-amd64-containerd.yaml",
      "seeding/daemonset-arm64-k3s.yaml",
      "seeding/kustomization.yaml",
      "seeding/names-arm64-k3s.yaml",
      "seeding/namespace.yaml",
      "seeding/script.yaml",
      "workloads",
      "workloads/cronjob-shop-report.yaml",
      "workloads/deployment-shop-web.yaml",
      "workloads/kustomization.yaml",
    ]
  `)
  for (const file of await readdir(output, { recursive: true })) {
    if (!file.endsWith('.yaml')) continue
    const content = (await readFile(join(output, file), 'utf8'))
      .replace(/^ {2}(seed.sh|names.txt): \|\n( {4}.*\n|\n)*/m, '  $1: ...\n')
      .replace(/(nodeseed.dev\/script: ).*/, '$1<script>')
    await expect(generic(content)).toMatchFileSnapshot(`../../examples/seed/expected/${file}`)
  }
})

/** Names for the digests of seed sets, which depend on how this machine compresses. */
async function withoutDigests(output: string): Promise<(text: string) => string> {
  const { sets, nodes }: SeedingPlan = JSON.parse(await readFile(join(output, 'placement.json'), 'utf8'))
  const digests = [...new Set([...sets.map(({ digest }) => digest), ...nodes.map(({ seeded }) => seeded)])]
  return (text) =>
    digests.reduce(
      (told, digest, index) => told.replaceAll(digest, `<set ${index + 1}>`),
      text.replaceAll(output, '<output>'),
    )
}

test('--json gives the placement, as placement.json holds it', async () => {
  const { bundle, output } = await bundled()
  const { stdout } = await runCli(['seed', bundle, '--nodes', NODES, '-o', output, '--json', SHOP])
  const { omissions, ...answer } = JSON.parse(stdout)
  expect(omissions).toEqual([])
  expect(answer).toEqual(JSON.parse(await readFile(join(output, 'placement.json'), 'utf8')))
  expect(answer.nodes).toMatchObject([
    { node: 'worker-1', platform: 'linux/amd64', images: 2 },
    { node: 'edge-1', platform: 'linux/arm64', images: 1 },
  ])
  const [everywhere, workers] = answer.sets.map(({ label }: { label: string }) => ({ [label]: 'seeded' }))
  expect(answer.workloads).toMatchObject([
    { kind: 'Deployment', nodeSelector: everywhere },
    { kind: 'CronJob', nodeSelector: { 'kubernetes.io/arch': 'amd64', ...workers } },
  ])
})

test('--place-on all: every node gets everything, under one label', async () => {
  const { bundle, output, lock } = await bundled()
  const args = ['seed', bundle, '--nodes', NODES, '-o', output, '--place-on', 'all', '--json', SHOP]
  const plan: SeedingPlan = JSON.parse((await runCli(args)).stdout)
  expect(plan.nodes.map(({ node, images }) => `${node} ${images}`)).toEqual(['control-1 2', 'worker-1 2', 'edge-1 1'])
  expect(plan.sets.map(({ digest }) => digest)).toEqual([seedSetDigest(lock)])
})

test('each node gets what may run on it, and an audit knows what the labels stand for', async () => {
  const { directory, bundle, output } = await bundled()
  const args = ['seed', bundle, '--nodes', NODES, '-o', output, '--json', SHOP]
  const plan: SeedingPlan = JSON.parse((await runCli(args)).stdout)
  expect(plan.nodes.map(({ node, images }) => `${node} ${images}`)).toEqual(['worker-1 2', 'edge-1 1'])
  expect(plan.sets.map(({ nodes }) => nodes)).toEqual([['worker-1', 'edge-1'], ['worker-1']])

  const [shop, nodes] = ['patched.yaml', 'nodes.json'].map((name) => join(directory, name)) as [string, string]
  await writeFile(shop, (await runCli(['patch', SHOP, '--placement', output])).stdout)
  const allocatable = { cpu: '4', memory: '8Gi', pods: '110' }
  const items = seededNodes(readNodes(await readFile(NODES, 'utf8'), NODES), plan).map((node) => ({
    ...node,
    status: { ...node.status, allocatable: { ...node.status?.allocatable, ...allocatable } },
  }))
  await writeFile(nodes, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  const audited = await runCli(['audit', shop, '--nodes', nodes, '--placement', output])
  expect(audited.stdout).toMatch(/2 safe/)
  expect(audited.exitCode).toBe(0)
  expect((await runCli(['audit', shop, '--nodes', NODES, '--bundle', bundle])).exitCode).toBe(4)
})

test('--from-registry: nodes get lists of names and no path of a bundle', async () => {
  const { bundle, output } = await bundled()
  const args = ['seed', bundle, '--nodes', NODES, '-o', output, '--from-registry', 'http://10.0.0.5:5000']
  expect((await runCli(args)).stdout).toContain('1. let http://10.0.0.5:5000 serve')
  const files = await readdir(join(output, 'seeding'))
  expect(files.filter((file) => file.startsWith('names-'))).toHaveLength(2)
  const daemonSet = await readFile(join(output, 'seeding', 'daemonset-amd64-containerd.yaml'), 'utf8')
  const [{ spec }] = parseAllDocuments(daemonSet).map((document) => document.toJS())
  const [{ args: given }] = spec.template.spec.initContainers
  expect(given.slice(-2)).toEqual(['--from-registry', 'http://10.0.0.5:5000'])
  expect(given).toContain('--names')
  expect(daemonSet).not.toContain('/var/lib/nodeseed')
})

test('the old spellings of --set-name and --place-on are understood, and say the new ones', async () => {
  const { bundle, output } = await bundled()
  const old = ['--set', 'shop', '--placement', 'all']
  const { stderr, exitCode } = await runCli(['seed', bundle, '--nodes', NODES, '-o', output, ...old, SHOP])
  expect(exitCode, stderr).toBe(0)
  const { sets } = JSON.parse(await readFile(join(output, 'placement.json'), 'utf8')) as SeedingPlan
  expect(sets.map(({ name }) => name)).toEqual(['shop'])
  expect(stderr).toMatch(/"--set" flag[\s\S]*"--set-name"[\s\S]*"--placement" flag[\s\S]*"--place-on"/)
})

test('--guard also looks at the namespaces of custom resources that name images, and says where it looks', async () => {
  const { bundle, output, directory } = await bundled()
  const cluster = join(directory, 'cluster.yaml')
  const spec = 'spec: { imageName: registry.example.com/db:16 }'
  await writeFile(
    cluster,
    `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: db, namespace: data }\n${spec}\n`,
  )
  await runCli(['seed', bundle, '--nodes', NODES, '-o', output, '--guard', 'warn', SHOP, cluster])
  const policy = await readFile(join(output, 'guard', 'policy.yaml'), 'utf8')
  const [, bound] = parseAllDocuments(policy).map((document) => document.toJS())
  expect(bound.spec.matchResources.namespaceSelector.matchExpressions[0].values).toContain('data')
  expect(await readFile(join(output, 'guard', 'kustomization.yaml'), 'utf8')).toMatch(/looks at the pods in .*data/)
})

test('an output that exists is kept; only one of ours is replaced, and only by force', async () => {
  const { bundle, output, directory } = await bundled()
  const run = (...more: string[]) => runCli(['seed', bundle, '--nodes', NODES, '-o', output, ...more])
  await run()
  const before = await readFile(join(output, 'placement.json'), 'utf8')
  expect(await run('--set-name', 'shop')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--force') })
  expect(await readFile(join(output, 'placement.json'), 'utf8')).toBe(before)
  expect(await run('--set-name', 'shop', '--force')).toMatchObject({ exitCode: 0 })
  expect(await readFile(join(output, 'placement.json'), 'utf8')).toContain('shop.nodeseed.dev')
  const foreign = ['seed', bundle, '--nodes', NODES, '--force', '-o', directory]
  expect(await runCli(foreign)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('holds no .nodeseed-files'),
  })
  expect((await readdir(directory)).sort()).toEqual(['out', 'shop.tar'])
})

test.for<[why: string, args: string[], message: string]>([
  ['a set name that no label can have', ['--set-name', 'Shop 1'], 'not the key of a label'],
  ['a label prefix that is no domain', ['--label-prefix', 'x_y'], 'not the key of a label'],
  ['a registry without a scheme', ['--from-registry', 'registry:5000'], 'not the address of a registry'],
  ['a size that is none', ['--max-per-node', 'much'], 'not a size'],
  ['an interval without a unit', ['--interval', '300'], 'Add a unit: 300s or 300m.'],
  ['an interval that is none', ['--interval', '0'], 'Shorter than 1s'],
  ['a share that is none', ['--max-unavailable', '0'], 'not a number of nodes'],
  ['a spread of what is placed anyway', ['--spread', '2'], '--spread 2 needs --place-on minimal'],
  ['a bundle path that is not absolute', ['--bundle-path', 'b.tar'], 'not an absolute path'],
])('%s is refused and nothing is written', async ([, args, message]) => {
  const { bundle, output, directory } = await bundled()
  const { exitCode, stderr } = await runCli(['seed', bundle, '--nodes', NODES, '-o', output, ...args])
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) })
  expect(await readdir(directory)).toEqual(['shop.tar'])
})

testWith(['shellcheck'])('shellcheck has nothing to say about the label script', async () => {
  const { bundle, output } = await bundled()
  await runCli(['seed', bundle, '--nodes', NODES, '-o', output, SHOP])
  await runTool('shellcheck', [join(output, 'labels.sh')])
})

test('a spread that is not reached is a no, and what there is is written', async () => {
  const { bundle, output } = await bundled()
  const spread = ['--place-on', 'minimal', '--spread', '99']
  const { exitCode, stderr } = await runCli(['seed', bundle, '--nodes', NODES, '-o', output, SHOP, ...spread])
  expect(exitCode).toBe(4)
  expect(stderr).toContain('error: examples/seed/shop.yaml:1: Deployment shop/web: only 2 of the 99 nodes')
  expect(await readdir(output)).toContain('placement.json')
})

test('what cannot be placed is said, exit code 4, and the rest is written', async () => {
  const { bundle, output, directory } = await bundled()
  const pod = join(directory, 'pod.yaml')
  await writeFile(
    pod,
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "busybox:1"}]}\n',
  )
  const { exitCode, stderr } = await runCli(['seed', bundle, '--nodes', NODES, '-o', output, pod])
  expect(exitCode).toBe(4)
  expect(stderr).toContain('Pod p: busybox:1 is not in the bundle')
  expect(await readdir(output)).toContain('seeding')
})

testWith(['kubectl'])(
  'kubectl kustomize renders the seeding resources, and the workloads with their selectors',
  async () => {
    const { bundle, output, directory } = await bundled()
    await runCli(['seed', bundle, '--nodes', NODES, '-o', output, SHOP])
    const seeding = await runTool('kubectl', ['kustomize', join(output, 'seeding')])
    expect(kinds(seeding.stdout)).toEqual(['Namespace', 'ConfigMap', 'ConfigMap', 'DaemonSet', 'DaemonSet'])

    await writeFile(join(directory, 'shop.yaml'), await readFile(SHOP))
    const patches = (await readdir(join(output, 'workloads'))).filter((file) => file !== 'kustomization.yaml')
    const usage = (await knowsComponents())
      ? 'components: [out/workloads]\n'
      : `patchesStrategicMerge:\n${patches.map((file) => `  - out/workloads/${file}\n`).join('')}`
    await writeFile(join(directory, 'kustomization.yaml'), `resources: [shop.yaml]\n${usage}`)
    const { stdout } = await runTool('kubectl', ['kustomize', directory])
    const plan: SeedingPlan = JSON.parse(await readFile(join(output, 'placement.json'), 'utf8'))
    const [label, jobLabel] = plan.sets.map((set) => ({ [set.label]: 'seeded' }))
    const specs = parseAllDocuments(stdout).map((document) => document.toJS())
    const deployment = specs.find(({ kind }) => kind === 'Deployment')
    expect(deployment.spec.template.spec).toMatchObject({ nodeSelector: label, containers: [{ name: 'web' }] })
    const cronJob = specs.find(({ kind }) => kind === 'CronJob')
    expect(cronJob.spec.jobTemplate.spec.template.spec).toMatchObject({
      nodeSelector: { ...jobLabel, 'kubernetes.io/arch': 'amd64' },
      containers: [{ image: 'registry.example/shop/report:2' }],
    })
  },
)

function kinds(text: string): string[] {
  return parseAllDocuments(text).map((document) => document.toJS().kind)
}

/** kubectl holds a kustomize with components since 1.21; before, the patches themselves are named. */
async function knowsComponents(): Promise<boolean> {
  const { stdout } = await runTool('kubectl', ['version', '--client', '--output', 'json'])
  const { major, minor } = JSON.parse(stdout).clientVersion
  return Number(major) > 1 || Number.parseInt(minor, 10) >= 21
}
