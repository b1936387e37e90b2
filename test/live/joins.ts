import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { checkController, leaderMetrics, startController } from './controller.ts'
import { type LiveCluster, labelKeys, pod, seedInto } from './live-cluster.ts'
import type { LiveNode } from './live-node.ts'
import { eventually, PATIENTLY } from './process-group.ts'
import { BUNDLES, bring, SHOP, setLabel } from './seeding-pods.ts'

const TAINT = { key: 'nodeseed.dev/not-seeded', effect: 'NoSchedule' }
const PREFIX = 'joined.nodeseed.dev/'

/** A node that joins is seeded without any command, and gets its first pod. */
export async function checkJoins(live: LiveCluster): Promise<void> {
  const { report, kubectl, nodes, shop } = live
  for (const node of nodes) await bring(shop.bundle, node)
  const output = await seedInto(live, 'joined', { args: ['--pools', '--set-name', 'joined', '--interval', '2s'] })
  await kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
  const label = await setLabel(output)
  await report.check(
    'the controller runs as pods, from the sandbox image, and labels the nodes that are there',
    async () => {
      await startController(live)
      for (const { name } of nodes) {
        await eventually(async () => (await labelKeys(live, name, PREFIX)).includes(label) || undefined)
      }
    },
  )
  await checkController(live, label)
  let joined: LiveNode | undefined
  const start = Date.now()
  const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`
  await report.check('a node that joins gets its first pod with Never, and no command is typed', async () => {
    await live.apply(pod('first', 'web:1', { nodeSelector: { 'kubernetes.io/hostname': 'node-c', [label]: 'seeded' } }))
    await live.apply(pod('plain', 'web:1', { nodeSelector: { 'kubernetes.io/hostname': 'node-c' } }))
    const bundle = { directory: join(live.directory, 'nodes', 'node-c') } as LiveNode
    await bring(shop.bundle, bundle)
    joined = await live.addNode({ name: 'node-c', address: '10.77.0.3', offset: 2, taints: [TAINT] })
    console.log(`     the node is ready after ${seconds()}`)
    const { spec } = await live.get('node', 'node-c')
    assert.ok(spec.taints?.some(({ key }: { key: string }) => key === TAINT.key) ?? false, 'no startup taint')
    await kubectl('wait', 'pod', 'first', 'plain', '--for=condition=Ready', PATIENTLY, ...SHOP)
    console.log(`     its first pods are ready after ${seconds()}`)
    const after = await live.get('node', 'node-c')
    assert.ok(!after.spec.taints?.some(({ key }: { key: string }) => key === TAINT.key))
  })
  await report.check(
    'images that are gone and cannot come back cost the node its label, and it comes back with them',
    async () => {
      assert.ok(joined)
      const { ctr, directory } = joined
      await kubectl('delete', 'pod', 'first', 'plain', ...SHOP)
      await rm(join(directory, BUNDLES, basename(shop.bundle)))
      const held = (await ctr('images', 'ls', '-q')).split('\n').filter((name) => name.includes('/web'))
      await ctr('images', 'rm', '--sync', ...held)
      await eventually(async () => (await labelKeys(live, 'node-c', PREFIX)).length === 0 || undefined)
      await bring(shop.bundle, joined)
      await eventually(async () => (await labelKeys(live, 'node-c', PREFIX)).length === 1 || undefined)
    },
  )
  await report.check('the metrics count it', async () => {
    // The label is there before the controller hears of it.
    await eventually(async () => {
      assert.match(await leaderMetrics(), /nodeseed_nodes\{state="seeded"\} 3/)
      return true
    })
  })
  // The namespace goes with it, and takes nothing more until it is gone.
  await kubectl('delete', '-k', join(output, 'seeding'), '--wait')
}
