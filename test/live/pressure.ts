import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { type LiveCluster, pod, runScript, seedInto } from './live-cluster.ts'
import type { LiveNode } from './live-node.ts'
import { eventually, PATIENTLY } from './process-group.ts'
import { BUNDLES, bring, SHOP, setLabel } from './seeding-pods.ts'

const NODE = 'node-d'
const NAMES = ['docker.io/library/web:1', 'registry.example:5000/team/job:2.0']
/** Which nobody uses, and nobody pinned. */
const BALLAST = 'registry.example/ballast:1'

/** A node whose disk fills up: the kubelet collects images, and leaves those that are pinned. */
export async function checkPressure(live: LiveCluster): Promise<void> {
  const { report, kubectl, shop } = live
  const node = await live.addNode({
    ...{ name: NODE, address: '10.77.0.4', offset: 3, disk: '300m' },
    kubelet: {
      evictionHard: { 'nodefs.available': '70%' },
      imageMinimumGCAge: '1s',
      evictionPressureTransitionPeriod: '1s',
    },
  })
  await bring(shop.bundle, node)
  const place = ['--set-name', 'pressed', '--pool-label', 'kubernetes.io/hostname', '--interval', '2s']
  const output = await seedInto(live, 'pressed', { args: place })
  await kubectl('apply', '-k', join(output, 'seeding'))
  const keepsPins = !(await node.ctr('version')).includes('Version:  1.6.')
  await report.check('a node with a small disk is seeded', async () => {
    await eventually(async () => {
      await runScript(live, join(output, 'labels.sh'))
      const { metadata } = await live.get('node', NODE)
      return (await setLabel(output)) in metadata.labels || undefined
    })
  })
  const title = keepsPins
    ? 'its disk fills up: what nobody uses goes, and what is pinned stays, without a bundle that could bring it back'
    : 'its disk fills up: this containerd knows no pins, and what the kubelet collects comes back'
  await report.check(title, async () => {
    if (keepsPins) await rm(join(node.directory, BUNDLES, basename(shop.bundle)))
    await fill(live, node)
    await eventually(async () => ((await names(node)).includes(BALLAST) ? undefined : true))
    if (keepsPins) await missNothing(node)
    else await eventually(async () => missNothing(node).then(() => true))
  })
  await report.check('and pods that never pull start there', async () => {
    await eventually(async () => {
      const { status } = await live.get('node', NODE)
      const pressure = status.conditions.find((one: { type: string }) => one.type === 'DiskPressure')
      return pressure.status === 'False' || undefined
    })
    await live.apply(
      pod('pressed', 'web:1', { nodeSelector: { [await setLabel(output)]: 'seeded', 'kubernetes.io/hostname': NODE } }),
    )
    await kubectl('wait', 'pod', 'pressed', '--for=condition=Ready', PATIENTLY, ...SHOP)
    await kubectl('delete', 'pod', 'pressed', ...SHOP)
  })
  // The namespace goes with it, and takes nothing more until it is gone.
  await kubectl('delete', '-k', join(output, 'seeding'), '--wait')
}

/** An image that takes a third of the disk, layers and what is unpacked of them. */
async function fill(live: LiveCluster, node: LiveNode): Promise<void> {
  const blobs: Blobs = new Map()
  const layer = await makeLayer(blobs, { 'var/ballast': randomBytes(50_000_000) })
  const part = makeImage(blobs, [layer], { platform: thisPlatform() })
  const file = join(live.directory, 'ballast.tar')
  await writeTestBundle(file, [lockImage('registry.example/ballast', '1', part.manifest, [part])], blobs)
  await node.ctr('images', 'import', file)
  assert.ok((await names(node)).includes(BALLAST))
}

async function names({ ctr }: LiveNode): Promise<string[]> {
  return (await ctr('images', 'ls', '-q')).split('\n')
}

async function missNothing(node: LiveNode): Promise<void> {
  const held = await names(node)
  for (const name of NAMES) assert.ok(held.includes(name), `${name} is gone`)
}
