import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PROGRAM } from '../support/cli.ts'
import { type LiveCluster, labelKeys, nodeseed, pod, runScript, seedInto } from './live-cluster.ts'
import { eventually, PATIENTLY } from './process-group.ts'
import { kustomization } from './resources.ts'
import {
  BUNDLES,
  bring,
  nodesOfPods,
  readyNodes,
  reportOf,
  SEEDING,
  SHOP,
  seedLabels,
  setLabel,
  waitingReasons,
} from './seeding-pods.ts'

const WEB = 'docker.io/library/web'

/** From an empty cluster to workloads that run, to the next bundle, and back. */
export async function checkSeeding(live: LiveCluster): Promise<void> {
  const { report, kubectl, nodes, shop } = live
  const [a, b] = nodes
  await kubectl('apply', '-f', shop.manifests)
  await report.check('before: what never pulls does not start, and the audit says that it cannot', async () => {
    await eventually(async () => ((await waitingReasons(live)).includes('ErrImageNeverPull') ? true : undefined))
    const { stdout, exitCode } = await nodeseed(live, 'audit', '--cluster')
    assert.match(stdout, /impossible.*Deployment shop\/web[\s\S]*impossible.*Job shop\/job/)
    assert.equal(exitCode, 4)
  })

  const args = ['--interval', '2s', '--nfd', '--prune']
  const output = await seedInto(live, 'seed', { args })
  await bring(shop.bundle, a)
  await report.check('the node with the bundle gets ready, and the one without says why not', async () => {
    await kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
    await eventually(async () => ((await readyNodes(live)).includes(a.name) ? true : undefined))
    const done = await reportOf(live, a, 'seed')
    assert.deepEqual([done.result, done.names, done.imported, done.missingCount], ['seeded', 4, 4, 0])
    const failed = await reportOf(live, b, 'seed')
    assert.deepEqual([failed.result, failed.message], ['failed', 'no such bundle: /nodeseed/bundle/shop.tar'])
    await assert.rejects(kubectl('rollout', 'status', 'daemonset', '--timeout=1s', ...SEEDING), /timed out/)
  })
  await report.check('labels.sh and nodeseed label: only the node that reported the set', async () => {
    const script = await runScript(live, join(output, 'labels.sh'))
    assert.deepEqual([script.exitCode, script.stderr], [4, 'not seeded yet: node node-b\n'])
    assert.deepEqual(await seedLabels(live), [await setLabel(output), ''])
    const label = await nodeseed(live, 'label', output)
    assert.match(label.stdout, /node-a +unchanged[\s\S]*node-b +not seeded yet/)
    assert.equal(label.exitCode, 4)
  })
  await report.check('patched workloads run where the label is, and the audit calls them safe', async () => {
    await writeFile(join(live.directory, 'kustomization.yaml'), kustomization(basename(output)))
    await kubectl('delete', 'job', 'job', ...SHOP)
    await kubectl('apply', '-k', live.directory, '--validate=strict')
    await kubectl('scale', 'deployment', 'web', '--replicas=3', ...SHOP)
    await kubectl('rollout', 'status', 'deployment', 'web', PATIENTLY, ...SHOP)
    await kubectl('wait', 'job', 'job', '--for=condition=complete', PATIENTLY, ...SHOP)
    assert.deepEqual(await nodesOfPods(live), ['node-a'])
    // Until the kubelets list the images, only the label says that they are there.
    const stdout = await eventually(async () => {
      const said = await nodeseed(live, 'audit', '--cluster', '--placement', output)
      return said.exitCode === 0 ? said.stdout : undefined
    })
    assert.match(stdout, /safe.*Deployment shop\/web/)
    assert.doesNotMatch(stdout, /Job shop\/job/, 'what is complete starts no more')
  })
  await report.check(
    'some time later the nodes list the images themselves, and the audit needs no placement',
    async () => {
      await eventually(async () => (await nodeseed(live, 'audit', '--cluster')).exitCode === 0 || undefined)
    },
  )
  await report.check('without a labelled node they wait, for the reason that the audit gives', async () => {
    const label = await setLabel(output)
    await kubectl('label', 'nodes', '--all', `${label}-`)
    await live.apply(pod('late', 'web:1', { nodeSelector: { [label]: 'seeded' } }))
    const message = await eventually(async () => {
      const { status } = await live.get('pod', 'late', ...SHOP)
      return status.conditions?.find(({ reason }: { reason?: string }) => reason === 'Unschedulable')?.message
    })
    assert.match(message, /0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector/)
    const { stdout } = await nodeseed(live, 'audit', '--cluster')
    assert.match(stdout, /impossible.*Pod shop\/late\n +node-a, node-b: NodeAffinity/)
    await runScript(live, join(output, 'labels.sh'))
    await kubectl('wait', 'pod', 'late', '--for=condition=Ready', PATIENTLY, ...SHOP)
    await kubectl('delete', 'pod', 'late', ...SHOP)
  })
  await report.check('with the bundle on every node the rollout ends, and every node is labelled', async () => {
    await bring(shop.bundle, b)
    await kubectl('delete', 'pods', '--field-selector', `spec.nodeName=${b.name}`, ...SEEDING)
    await kubectl('rollout', 'status', 'daemonset', PATIENTLY, ...SEEDING)
    const { exitCode, stderr } = await runScript(live, join(output, 'labels.sh'))
    assert.deepEqual([exitCode, stderr], [0, ''])
    const label = await setLabel(output)
    assert.deepEqual(await seedLabels(live), [label, label])
  })
  await report.check('nodes publish the same labels for Node Feature Discovery', async () => {
    const features = await b.sh('cat /etc/kubernetes/node-feature-discovery/features.d/*')
    assert.match(features, new RegExp(`^${await setLabel(output)}=seeded$`, 'm'))
  })
  await checkKeeping(live, output)
  await checkNext(live, args)
  await checkPulling(live)
  await report.check('what is deleted leaves labels and images to the pods that run', async () => {
    await kubectl('delete', '-k', join(output, 'seeding'), '--wait')
    assert.ok((await seedLabels(live)).every(Boolean))
    assert.match(await a.ctr('images', 'ls', '-q'), /library\/web:2/)
  })
}

/** What the second container does, for as long as it runs. */
async function checkKeeping(live: LiveCluster, output: string): Promise<void> {
  const { report, nodes, shop, kubectl } = live
  const [a] = nodes
  const names = async () => (await a.ctr('images', 'ls', '-q')).split('\n')
  const remove = async () => {
    const held = (await names()).filter((name) => name.startsWith(WEB))
    if (held.length > 0) await a.ctr('images', 'rm', '--sync', ...held)
    return held
  }
  await report.check('an image that is removed comes back', async () => {
    const removed = await remove()
    await eventually(async () => (await hasAll(names, removed)) || undefined)
    const { status } = await live.get('daemonset', ...SEEDING).then(({ items }) => items[0])
    assert.equal(status.numberReady, 2)
  })
  await report.check('one that cannot come back makes the pod not ready, and the audit sees the gap', async () => {
    await rm(join(a.directory, BUNDLES, basename(shop.bundle)))
    await eventually(async () => {
      if (!(await readyNodes(live)).includes(a.name)) return true
      // A look that had begun with the bundle brings it back once more.
      await remove()
      return undefined
    })
    assert.equal((await nodeseed(live, 'label', output)).exitCode, 4)
    const said = await eventually(async () => {
      const { stdout } = await nodeseed(live, 'audit', '--cluster')
      return /node-a: ImageMissing: docker.io\/library\/web:1 is not on the node/.test(stdout) ? stdout : undefined
    })
    assert.match(said, /at risk +1 of 2.*Deployment shop\/web/)
    await bring(shop.bundle, a)
    await eventually(async () => ((await readyNodes(live)).includes(a.name) ? true : undefined))
    await kubectl('rollout', 'status', 'daemonset', PATIENTLY, ...SEEDING)
  })
}

/** The next bundle of the same name: rolled out beside the old one, which then goes. */
async function checkNext(live: LiveCluster, args: readonly string[]): Promise<void> {
  const { report, nodes, shop, kubectl } = live
  await report.check('the next bundle: new images and label come, and with --prune the old ones go', async () => {
    const before = await seedLabels(live)
    const manifests = join(live.directory, 'next.yaml')
    await writeFile(manifests, (await readFile(shop.manifests, 'utf8')).replace('web:1', 'web:2'))
    const output = await seedInto(live, 'seed', { bundle: shop.next, manifests, args })
    for (const node of nodes) await bring(shop.next, node)
    await kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
    await kubectl('rollout', 'status', 'daemonset', PATIENTLY, ...SEEDING)
    assert.equal((await runScript(live, join(output, 'labels.sh'))).exitCode, 0)
    const label = await setLabel(output)
    const both = [...new Set([...before, label])].sort().join()
    assert.deepEqual(await seedLabels(live), [both, both])
    await writeFile(join(live.directory, 'kustomization.yaml'), kustomization(basename(output), 'next.yaml'))
    await kubectl('delete', 'job', 'job', ...SHOP)
    await kubectl('apply', '-k', live.directory)
    await kubectl('rollout', 'status', 'deployment', 'web', PATIENTLY, ...SHOP)
    await eventually(async () => {
      await nodeseed(live, 'label', output, '--prune')
      return (await seedLabels(live)).join() === [label, label].join() || undefined
    })
    for (const { ctr } of nodes) {
      const records = (await ctr('images', 'ls')).split('\n').filter((line) => line.startsWith(WEB))
      const pinned = records.filter((line) => line.includes('pinned=pinned')).map((line) => line.split(/[ @]/)[0])
      assert.deepEqual(pinned.sort(), [WEB, `${WEB}:2`]) // what a container ran stays, for the kubelet to collect
    }
  })
}

/** A second set, which comes from `nodeseed serve`. */
async function checkPulling(live: LiveCluster): Promise<void> {
  const { report, nodes, shop, kubectl } = live
  await report.check('nodes pull what they lack from nodeseed serve', async () => {
    const address = '10.77.0.254:5000'
    live.processes.start('serve', process.execPath, [PROGRAM, 'serve', shop.bundle, '--listen', address])
    const place = ['--set-name', 'pulled', '--namespace', 'pulled', '--from-registry', `http://${address}`]
    const output = await seedInto(live, 'pulled', { args: place })
    await kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
    await kubectl('rollout', 'status', 'daemonset', PATIENTLY, '--namespace', 'pulled')
    assert.equal((await runScript(live, join(output, 'labels.sh'))).exitCode, 0)
    for (const { name, ctr } of nodes) {
      assert.match(await ctr('images', 'ls', '-q'), /library\/web:1/)
      assert.deepEqual(await labelKeys(live, name, 'pulled.'), [await setLabel(output)])
    }
    await kubectl('delete', '-k', join(output, 'seeding'))
  })
}

async function hasAll(names: () => Promise<string[]>, wanted: readonly string[]): Promise<boolean> {
  const held = new Set(await names())
  return wanted.every((name) => held.has(name))
}
