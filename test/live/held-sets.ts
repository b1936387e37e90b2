import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LiveCluster, nodeseed, runScript, seedInto } from './live-cluster.ts'
import type { LiveNode } from './live-node.ts'
import { eventually, PATIENTLY } from './process-group.ts'
import { bring, SHOP, setLabel } from './seeding-pods.ts'
import { asAuditor } from './trust.ts'

const WEB = 'docker.io/library/web:1'
const JOB = 'registry.example:5000/team/job:2.0'
const HELD = { state: 'held', missing: [], drifted: [], unpinned: [] }

/** What an audit of the cluster, with the role of the examples, says of the set that each node holds. */
export async function checkHeldSets(live: LiveCluster): Promise<void> {
  const { report, kubectl, nodes, shop } = live
  const [a, b] = nodes
  const auditor = await asAuditor(live)
  // Where nothing runs, there is nothing to audit. The template of a Job cannot be changed.
  await kubectl('delete', 'job', 'job', '--ignore-not-found', ...SHOP)
  await kubectl('apply', '-f', shop.manifests)
  for (const node of nodes) await bring(shop.bundle, node)
  const output = await seedInto(live, 'held', { args: ['--set-name', 'held', '--namespace', 'held'] })
  const label = await setLabel(output)
  const sources = ['--placement', output, '--bundle', shop.bundle]
  const held = async (...args: string[]) => setsOn(auditor, label, ...sources, ...args)
  await report.check('before the nodes are seeded, no node has the label of the set', async () => {
    const sets = await held()
    assert.deepEqual([sets.get(a.name)?.state, sets.get(b.name)?.state], ['unlabelled', 'unlabelled'])
  })
  await kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
  await kubectl('rollout', 'status', 'daemonset', PATIENTLY, '--namespace', 'held')
  assert.equal((await runScript(live, join(output, 'labels.sh'))).exitCode, 0)
  await report.check('which set each node holds, and since when', async () => {
    await eventually(async () => {
      const sets = await held()
      for (const { name } of nodes) assert.partialDeepStrictEqual(sets.get(name), { ...HELD, names: 4 })
      return true
    })
    for (const { since } of (await held()).values())
      assert.ok(Date.now() - Date.parse(since ?? '') < 600_000, `${since}`)
  })
  // From here on nobody repairs anything.
  await kubectl('delete', '-k', join(output, 'seeding'), '--wait')
  await report.check('what is missing on one node, and another image on the other', async () => {
    await a.ctr('images', 'rm', '--sync', WEB)
    await b.ctr('images', 'tag', '--force', JOB, WEB)
    await eventually(async () => {
      const sets = await held()
      assert.partialDeepStrictEqual(sets.get(a.name), { ...HELD, state: 'incomplete', missing: [WEB] })
      assert.partialDeepStrictEqual(sets.get(b.name), { ...HELD, state: 'incomplete', drifted: [WEB] })
      return true
    })
    const { stdout } = await nodeseed(auditor, 'audit', '--cluster', ...sources, '--fail-on', 'never')
    assert.match(stdout, /incomplete[\s\S]*on 1 node: node-a, since 20\S+\n +missing: docker.io\/library\/web:1\n/)
    assert.match(stdout, /on 1 node: node-b, since 20\S+\n +another image: docker.io\/library\/web:1\n/)
  })
  await report.check('what is not pinned, where the lists of the nodes are there too', async () => {
    await a.ctr('images', 'tag', '--force', await recordOf(a, WEB), WEB)
    for (const name of await namesOf(a, JOB)) await a.ctr('images', 'label', name, 'io.cri-containerd.pinned=')
    const list = join(live.directory, 'node-a.images')
    await writeFile(list, await a.ctr('images', 'ls'))
    const sets = await held('--images', `${a.name}=${list}`)
    assert.deepEqual(
      sets.get(a.name)?.unpinned,
      (await namesOf(a, JOB)).filter((name) => !name.startsWith('sha256:')),
    )
  })
}

interface HeldSet {
  readonly state: string
  readonly since: string | null
  readonly unpinned: readonly string[]
}

/** By node. */
async function setsOn(auditor: LiveCluster, label: string, ...args: string[]): Promise<Map<string, HeldSet>> {
  const { stdout, stderr } = await nodeseed(auditor, 'audit', '--cluster', '--json', '--fail-on', 'never', ...args)
  assert.ok(stdout, stderr)
  const { seeding } = JSON.parse(stdout) as { seeding: { node: string; sets: ({ label: string } & HeldSet)[] }[] }
  return new Map(
    seeding.flatMap(({ node, sets }) => sets.filter((one) => one.label === label).map((set) => [node, set])),
  )
}

/** All names of the image that a name leads to. */
async function namesOf({ ctr }: LiveNode, name: string): Promise<string[]> {
  const rows = (await ctr('images', 'ls')).split('\n').map((line) => line.split(/\s+/))
  const digest = rows.find(([one]) => one === name)?.[2]
  return rows.flatMap(([one = '', , target]) => (target === digest ? one : [])).sort()
}

/** A name by digest, of the same repository. */
async function recordOf({ ctr }: LiveNode, name: string): Promise<string> {
  const repository = name.slice(0, name.lastIndexOf(':'))
  const names = (await ctr('images', 'ls', '-q')).split('\n')
  return names.find((one) => one.startsWith(`${repository}@`)) ?? ''
}
