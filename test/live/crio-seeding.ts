import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CriClient, type CriImage } from '../support/cri.ts'
import { crioRuntime } from './crio-node.ts'
import { checkSignatures } from './crio-signatures.ts'
import { type LiveCluster, nodeseed, pod, runScript, seedInto } from './live-cluster.ts'
import type { LiveNode } from './live-node.ts'
import { eventually, PATIENTLY } from './process-group.ts'
import { BUNDLES, bring, SHOP, setLabel } from './seeding-pods.ts'

const NODE = 'node-e'
const PLACE = [
  '--set-name',
  'crio',
  '--namespace',
  'crio',
  '--pool-label',
  'kubernetes.io/hostname',
  '--interval',
  '2s',
]
const HOST = { 'kubernetes.io/hostname': NODE }
const JOB = 'registry.example:5000/team/job:2.0'

/** A node with CRI-O: its seeding pod works with the node's own skopeo. */
export async function checkCrio(live: LiveCluster): Promise<void> {
  const { report, kubectl, shop } = live
  const runtime = await crioRuntime()
  const node = await live.addNode({ name: NODE, address: '10.77.0.5', offset: 4, runtime })
  const cri = new CriClient(join(node.directory, runtime.endpoint))
  try {
    const output = await seedInto(live, 'crio', { args: PLACE })
    await bring(shop.bundle, node)
    await kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
    await report.check('a node with CRI-O is seeded, and every name is pinned', async () => {
      await labelled(live, output)
      for (const name of await namesOf(output)) {
        const image = await cri.imageStatus(name)
        assert.ok(image, `${name} is not there`)
        assert.equal(image.pinned, true, name)
      }
    })
    await report.check(
      'pods that never pull start there, by tag, by digest and with an image as a volume',
      async () => {
        const byDigest = (await namesOf(output)).find((name) => name.includes('/web@')) ?? ''
        const volumes = [{ name: 'files', image: { reference: JOB, pullPolicy: 'Never' } }]
        const containers = [
          {
            ...{ name: 'main', image: 'web:1', imagePullPolicy: 'Never' },
            volumeMounts: [{ name: 'files', mountPath: '/files' }],
          },
        ]
        await start(live, 'crio-tag', 'web:1')
        await start(live, 'crio-digest', byDigest)
        await start(live, 'crio-volume', 'web:1', { containers, volumes })
        const show = ['/bin/busybox', 'cat', '/files/etc/registry.example:5000/team/job']
        assert.equal(await kubectl('exec', 'crio-volume', ...SHOP, '--', ...show), 'registry.example:5000/team/job')
      },
    )
    await report.check('the audit calls them safe there', async () => {
      await eventually(async () => {
        const sources = ['--placement', output, '--bundle', shop.bundle, '--json', '--fail-on', 'never']
        const { stdout } = await nodeseed(live, 'audit', '--cluster', ...sources)
        const { seeding } = JSON.parse(stdout)
        const sets = seeding.find(({ node: name }: { node: string }) => name === NODE).sets
        assert.partialDeepStrictEqual(sets, [{ state: 'held', missing: [], drifted: [] }])
        return true
      })
    })
    await checkLosing(live, node, cri)
    await checkNext(live, node, cri)
    await checkSignatures(live, node, cri, { nodeSelector: HOST })
  } finally {
    cri.close()
  }
}

async function checkLosing(live: LiveCluster, node: LiveNode, cri: CriClient): Promise<void> {
  await live.report.check('an image that somebody removes comes back', async () => {
    await node.sh(`skopeo delete containers-storage:${JOB}`)
    await until(
      () => cri.imageStatus(JOB),
      (image) => image?.pinned === true,
    )
  })
}

/** The next bundle, and what is old goes. */
async function checkNext(live: LiveCluster, node: LiveNode, cri: CriClient): Promise<void> {
  const { report, kubectl, shop } = live
  await report.check(
    'the next bundle: with --prune the old image goes, and not while a container uses it',
    async () => {
      const manifests = join(live.directory, 'crio-next.yaml')
      await writeFile(manifests, (await readFile(shop.manifests, 'utf8')).replace('web:1', 'web:2'))
      const args = [...PLACE, '--prune']
      const output = await seedInto(live, 'crio-next', { bundle: shop.next, manifests, args })
      await bring(shop.next, node)
      await kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
      await labelled(live, output)
      await start(live, 'crio-next', 'web:2')
      assert.ok(await cri.imageStatus('web:1'), 'web:1 went while pods use it')
      await kubectl('delete', 'pods', 'crio-tag', 'crio-digest', 'crio-volume', 'crio-next', ...SHOP)
      // The kubelet takes containers that have ended away some time later; a pod prunes once, when it starts.
      await eventually(async () => {
        await kubectl('delete', 'pods', '--field-selector', `spec.nodeName=${NODE}`, '--namespace', 'crio')
        await sleep(10_000)
        return (await cri.imageStatus('web:1')) === undefined || undefined
      })
      for (const name of await namesOf(output)) assert.equal((await cri.imageStatus(name))?.pinned, true, name)
      await rm(join(node.directory, BUNDLES, basename(shop.bundle)))
      await kubectl('delete', '-k', join(output, 'seeding'), '--wait')
    },
  )
}

async function until(
  ask: () => Promise<CriImage | undefined>,
  holds: (image: CriImage | undefined) => boolean,
): Promise<void> {
  await eventually(async () => holds(await ask()) || undefined)
}

async function start(live: LiveCluster, name: string, image: string, spec: object = {}): Promise<void> {
  await live.apply(pod(name, image, { nodeSelector: HOST, ...spec }))
  await live.kubectl('wait', 'pod', name, '--for=condition=Ready', PATIENTLY, ...SHOP)
}

async function labelled(live: LiveCluster, output: string): Promise<void> {
  const label = await setLabel(output)
  await eventually(async () => {
    await runScript(live, join(output, 'labels.sh'))
    return label in (await live.get('node', NODE)).metadata.labels || undefined
  })
}

/** The names of the set that seed decided on. */
async function namesOf(output: string): Promise<string[]> {
  return JSON.parse(await readFile(join(output, 'placement.json'), 'utf8')).sets[0].images
}
