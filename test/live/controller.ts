import assert from 'node:assert/strict'
import { basename, join } from 'node:path'
import { PAUSE } from './containerd-node.ts'
import { type LiveCluster, nodeseed } from './live-cluster.ts'
import { eventually, PATIENTLY } from './process-group.ts'
import { BUNDLES, bring, SEEDING } from './seeding-pods.ts'

const NAME = 'nodeseed-controller'
const ADDRESSES = ['10.77.0.1', '10.77.0.2']

/** Runs the controller in the cluster, on both nodes, from the program that a bundle carries. */
export async function startController(live: LiveCluster): Promise<void> {
  const { kubectl, nodes, shop } = live
  for (const node of nodes) {
    await bring(shop.carrying, node)
    await kubectl('label', 'node', node.name, 'nodeseed.dev/controller=here', '--overwrite')
  }
  const output = join(live.directory, 'controller')
  const bundle = `${BUNDLES}/${basename(shop.carrying)}`
  const { exitCode, stderr } = await nodeseed(
    live,
    ...['controller', '--in-cluster', output, '--sandbox-image', PAUSE, '--bundle-path', bundle],
  )
  assert.equal(exitCode, 0, stderr)
  await kubectl('apply', '-k', output, '--validate=strict')
  await kubectl('rollout', 'status', 'deployment', NAME, PATIENTLY, ...SEEDING)
}

/** What the replica that acts says to Prometheus. */
export async function leaderMetrics(): Promise<string> {
  return eventually(async () => {
    const texts = await Promise.all(ADDRESSES.map(metricsAt))
    const acting = texts.filter((text) => text?.includes('\nnodeseed_leader 1'))
    assert.ok(acting.length < 2, 'two replicas act')
    return acting[0]
  })
}

/** It has the rights that it needs and no others, two replicas of which one acts, and a budget that keeps one. */
export async function checkController(live: LiveCluster, label: string): Promise<void> {
  const { report, kubectl, nodes } = live
  await report.check('the controller has the least rights that do', async () => {
    const who = `--as=system:serviceaccount:nodeseed:${NAME}`
    const may = (...args: string[]) =>
      kubectl('auth', 'can-i', ...args, who).then(
        () => true,
        () => false,
      )
    assert.ok(await may('patch', 'nodes'))
    assert.ok(await may('list', 'pods', ...SEEDING))
    for (const words of FORBIDDEN) {
      assert.equal(await may(...words, '--namespace', 'shop'), false, words.join(' '))
    }
    assert.equal(await may('update', 'leases.coordination.k8s.io/another', ...SEEDING), false)
  })
  await report.check('two replicas on two nodes, of which one acts, and another when it is gone', async () => {
    const pods = await controllerPods(live)
    assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 2)
    await leaderMetrics()
    const acts = async () => (await live.get('lease', NAME, ...SEEDING)).spec.holderIdentity as string
    const first = await acts()
    const start = Date.now()
    await kubectl('delete', 'pod', first, '--grace-period=0', '--force', ...SEEDING)
    await eventually(async () => ((await acts()) === first ? undefined : true))
    console.log(`     another replica acts after ${((Date.now() - start) / 1000).toFixed(1)} s`)
    await kubectl('rollout', 'status', 'deployment', NAME, PATIENTLY, ...SEEDING)
  })
  await report.check('a drain takes one replica at a time, and a new version one after the other', async () => {
    await eventually(async () => {
      const { status } = await live.get('poddisruptionbudget', NAME, ...SEEDING)
      return (status.expectedPods === 2 && status.disruptionsAllowed === 1) || undefined
    })
    await kubectl('rollout', 'restart', 'deployment', NAME, ...SEEDING)
    await kubectl('rollout', 'status', 'deployment', NAME, PATIENTLY, ...SEEDING)
  })
  await report.check(
    'an API server that does not answer for 20 s costs no label, and the work goes on after it',
    async () => {
      const [{ name }] = nodes
      await live.pause(20)
      await leaderMetrics()
      const { metadata } = await live.get('node', name)
      assert.ok(label in metadata.labels)
      const start = Date.now()
      await kubectl('label', 'node', name, `${label}-`)
      await eventually(async () => label in (await live.get('node', name)).metadata.labels || undefined)
      console.log(`     a label that somebody took away is back after ${((Date.now() - start) / 1000).toFixed(1)} s`)
    },
  )
  await report.check('Prometheus finds both replicas', async () => {
    await eventually(async () => {
      const selector = `kubernetes.io/service-name=${NAME}-metrics`
      const { items } = await live.get('endpointslices', '--selector', selector, ...SEEDING)
      const found = items.flatMap(({ endpoints }: { endpoints: { addresses: string[] }[] | null }) =>
        (endpoints ?? []).flatMap(({ addresses }) => addresses),
      )
      return found.sort().join() === ADDRESSES.join() || undefined
    })
  })
}

const FORBIDDEN: readonly (readonly string[])[] = [
  ['delete', 'nodes'],
  ['create', 'nodes'],
  ['patch', 'nodes', '--subresource=status'],
  ['list', 'pods'],
  ['create', 'pods'],
  ['get', 'secrets'],
  ['list', 'configmaps'],
  ['create', 'leases.coordination.k8s.io'],
]

async function controllerPods(live: LiveCluster): Promise<{ readonly spec: { readonly nodeName?: string } }[]> {
  return (await live.get('pods', '--selector', `app.kubernetes.io/name=${NAME}`, ...SEEDING)).items
}

async function metricsAt(address: string): Promise<string | undefined> {
  return fetch(`http://${address}:8081/metrics`).then(
    (answer) => answer.text(),
    () => undefined,
  )
}
