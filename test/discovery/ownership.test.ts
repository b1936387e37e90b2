import { join } from 'node:path'
import { dump } from 'js-yaml'
import { expect, test } from 'vitest'
import { scanInputs } from '../../src/cli/inputs/scan-inputs.ts'
import { runCli } from '../support/cli.ts'
import { fc } from '../support/property.ts'
import { directoryWith } from '../support/temporary.ts'

interface Options {
  readonly owner?: readonly [kind: string, name: string]
  readonly replicas?: number
  readonly isOver?: boolean
}

const APIS: Readonly<Record<string, string>> = { Pod: 'v1', Node: 'v1', Job: 'batch/v1', CronJob: 'batch/v1' }
const apiOf = (kind: string) => APIS[kind] ?? 'apps/v1'

/** A live object as kubectl prints it, as far as it matters here. */
function live(kind: string, name: string, images: readonly string[], { owner, replicas, isOver }: Options = {}) {
  const podSpec = { containers: images.map((image, index) => ({ name: `c${index}`, image })) }
  const template = { spec: podSpec }
  const ownerReferences = owner && [
    { apiVersion: apiOf(owner[0]), kind: owner[0], name: owner[1], uid: 'u', controller: true },
  ]
  const spec =
    kind === 'Pod' ? podSpec : kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { replicas, template }
  return {
    apiVersion: apiOf(kind),
    kind,
    metadata: { name, namespace: 'shop', ...(ownerReferences && { ownerReferences }) },
    spec: JSON.parse(JSON.stringify(spec)) as unknown,
    ...(isOver && { status: { conditions: [{ type: 'Complete', status: 'True' }] } }),
  }
}

const DEPLOYED = [
  live('Deployment', 'web', ['web:2'], { replicas: 2 }),
  live('ReplicaSet', 'web-6f7', ['web:2'], { owner: ['Deployment', 'web'], replicas: 2 }),
  live('ReplicaSet', 'web-5c4', ['web:1'], { owner: ['Deployment', 'web'], replicas: 0 }),
  live('Pod', 'web-6f7-a', ['web:2', 'mesh:1'], { owner: ['ReplicaSet', 'web-6f7'] }),
  live('Pod', 'web-6f7-b', ['web:2', 'mesh:1'], { owner: ['ReplicaSet', 'web-6f7'] }),
]

const CASES: readonly {
  readonly name: string
  readonly objects: readonly object[]
  /** Image and the resource that names it. */
  readonly uses: readonly string[]
  readonly past?: readonly string[]
}[] = [
  {
    name: 'Pods and ReplicaSets belong to their Deployment, and what admission added stays',
    objects: DEPLOYED,
    uses: ['web:2 Deployment web', 'mesh:1 Pod web-6f7-a', 'mesh:1 Pod web-6f7-b'],
    past: ['web:1'],
  },
  {
    name: 'a roll-out that is under way needs both images',
    objects: [
      live('Deployment', 'web', ['web:2'], { replicas: 2 }),
      live('ReplicaSet', 'web-5c4', ['web:1'], { owner: ['Deployment', 'web'], replicas: 1 }),
      live('Pod', 'web-5c4-a', ['web:1'], { owner: ['ReplicaSet', 'web-5c4'] }),
    ],
    uses: ['web:2 Deployment web', 'web:1 ReplicaSet web-5c4', 'web:1 Pod web-5c4-a'],
  },
  {
    name: 'Jobs belong to their CronJob, and those that are over are past',
    objects: [
      live('CronJob', 'report', ['report:2']),
      live('Job', 'report-29', ['report:1'], { owner: ['CronJob', 'report'], isOver: true }),
      live('Job', 'report-30', ['report:2'], { owner: ['CronJob', 'report'] }),
      live('Pod', 'report-30-x', ['report:2'], { owner: ['Job', 'report-30'] }),
      live('Pod', 'report-29-x', ['report:1'], { owner: ['Job', 'report-29'] }),
    ],
    uses: ['report:2 CronJob report'],
    past: ['report:1'],
  },
  {
    name: 'what lies between need not be there',
    objects: [
      live('Deployment', 'web', ['web:2'], { replicas: 2 }),
      live('CronJob', 'report', ['report:2']),
      live('Pod', 'web-6f7-a', ['web:2'], { owner: ['ReplicaSet', 'web-6f7'] }),
      live('Pod', 'report-2930-x', ['report:2'], { owner: ['Job', 'report-2930'] }),
    ],
    uses: ['web:2 Deployment web', 'report:2 CronJob report'],
  },
  {
    name: 'without their owner they stand for themselves, but not those of the past',
    objects: [
      live('Pod', 'db-0', ['db:1'], { owner: ['StatefulSet', 'db'] }),
      live('ReplicaSet', 'web-5c4', ['web:1'], { owner: ['Deployment', 'web'], replicas: 0 }),
    ],
    uses: ['db:1 Pod db-0'],
    past: ['web:1'],
  },
  {
    name: 'what nobody owns is no past',
    objects: [
      live('ReplicaSet', 'own', ['own:1'], { replicas: 0 }),
      live('Deployment', 'idle', ['idle:1'], { replicas: 0 }),
      live('Job', 'once', ['once:1'], { isOver: true }),
      live('Pod', 'p', ['p:1']),
    ],
    uses: ['own:1 ReplicaSet own', 'idle:1 Deployment idle', 'once:1 Job once', 'p:1 Pod p'],
  },
  {
    name: 'an image of the past that something needs is taken',
    objects: [...DEPLOYED.slice(0, 3), live('Pod', 'old', ['web:1'])],
    uses: ['web:2 Deployment web', 'web:1 Pod old'],
  },
  {
    name: 'the Pod of a node is taken',
    objects: [live('Pod', 'etcd-n1', ['etcd:3'], { owner: ['Node', 'n1'] })],
    uses: ['etcd:3 Pod etcd-n1'],
  },
  {
    name: 'a namesake in another group or namespace owns nothing',
    objects: [
      { ...live('Deployment', 'web', ['web:2'], { replicas: 1 }), apiVersion: 'x.example/v1' },
      live('Pod', 'web-1', ['web:2'], { owner: ['StatefulSet', 'web'] }),
      { ...live('StatefulSet', 'web', ['web:2']), metadata: { name: 'web', namespace: 'other' } },
    ],
    uses: ['web:2 Deployment web', 'web:2 Pod web-1', 'web:2 StatefulSet web'],
  },
]

async function scanOf(files: Readonly<Record<string, string>>) {
  const folder = await directoryWith(files)
  const scan = await scanInputs([folder], { keepWorkloads: true })
  const told = scan.findings
    .filter(({ code }) => code === 'REVISION_PAST')
    .map(({ subject }) => subject?.split('/').at(-1))
  return {
    scan,
    told,
    uses: scan.uses.map(({ reference, workload }) => `${reference} ${workload.kind} ${workload.name}`),
  }
}

test.for(CASES)('$name', async ({ objects, uses, past = [] }) => {
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  const shapes = [
    { 'all.yaml': dump(list) },
    { 'all.json': JSON.stringify(list, null, 2) },
    Object.fromEntries([...objects].reverse().map((object, index) => [`${index}.yaml`, dump(object)])),
  ]
  for (const files of shapes) {
    const found = await scanOf(files)
    expect(found.uses.sort()).toEqual(uses.toSorted())
    expect(found.told).toEqual(past)
  }
})

test('images of live resources are lost neither by order nor by cycles of owners', async () => {
  const kinds = ['Deployment', 'ReplicaSet', 'Job', 'CronJob', 'Pod']
  const object = fc.record({
    kind: fc.constantFrom(...kinds),
    name: fc.constantFrom('a', 'b', 'a-1', 'b-1'),
    image: fc.constantFrom('x:1', 'y:1', 'z:1'),
    owner: fc.option(fc.tuple(fc.constantFrom(...kinds, 'Node'), fc.constantFrom('a', 'b', 'a-1')), { nil: undefined }),
    replicas: fc.constantFrom(0, 1),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(object, { selector: ({ kind, name }) => `${kind} ${name}`, maxLength: 8 }),
      async (all) => {
        const objects = all.map(({ kind, name, image, owner, replicas }) =>
          live(kind, name, [image], { ...(owner && { owner }), replicas }),
        )
        const { scan, told } = await scanOf({
          'all.json': JSON.stringify({ kind: 'List', apiVersion: 'v1', items: objects }),
        })
        const images = [...scan.uses.map(({ reference }) => reference), ...told]
        for (const { image } of all) expect(images).toContain(image)
      },
    ),
    { numRuns: 60 },
  )
})

test('a live dump is judged once by the audit, and its past not at all', async () => {
  const folder = await directoryWith({ 'all.yaml': dump({ apiVersion: 'v1', kind: 'List', items: DEPLOYED }) })
  const { stdout } = await runCli(['audit', folder, '--nodes', 'examples/audit/nodes.json', '--json'])
  const { workloads } = JSON.parse(stdout)
  expect(workloads.map(({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`)).toEqual([
    'Deployment web',
  ])
  const scanned = await runCli(['scan', join(folder, 'all.yaml')])
  expect(scanned.stderr).toContain(
    'web:1 is not taken: only ReplicaSet shop/web-5c4 names it, which runs nothing any more',
  )
})
