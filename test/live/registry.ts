import assert from 'node:assert/strict'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PAUSE } from './containerd-node.ts'
import { type LiveCluster, nodeseed } from './live-cluster.ts'
import { eventually, PATIENTLY } from './process-group.ts'

const BUNDLE = '/var/lib/nodeseed/carrying.tar'

/** The registry in the cluster, run by the program that its bundle carries. */
export async function checkRegistry(live: LiveCluster): Promise<void> {
  const { report, kubectl, shop, nodes } = live
  const [a] = nodes
  const output = join(live.directory, 'registry')
  const args = ['--sandbox-image', PAUSE, '--bundle-path', BUNDLE, '--replicas', '1']
  const { exitCode, stderr } = await nodeseed(live, 'serve', shop.carrying, '--in-cluster', output, ...args)
  assert.equal(exitCode, 0, stderr)
  await mkdir(join(a.directory, '/var/lib/nodeseed'), { recursive: true })
  await copyFile(shop.carrying, join(a.directory, BUNDLE))
  await report.check('the registry waits for a node that is labelled for it', async () => {
    await kubectl('apply', '-k', output, '--validate=strict')
    await eventually(async () => {
      const { items } = await live.get('events', '--namespace', 'nodeseed')
      const said = items.map(({ message }: { message: string }) => message).join('\n')
      return /2 node\(s\) didn't match Pod's node affinity\/selector/.test(said) ? true : undefined
    })
  })
  await report.check('it serves the bundle under the address of its pod', async () => {
    await kubectl('label', 'node', a.name, 'nodeseed.dev/registry=here')
    await kubectl('rollout', 'status', 'deployment/nodeseed-registry', PATIENTLY, '--namespace', 'nodeseed')
    const { items } = await live.get(
      'pods',
      '--namespace',
      'nodeseed',
      '--selector',
      'app.kubernetes.io/name=nodeseed-registry',
    )
    const answer = await fetch(`http://${items[0].status.podIP}:5000/v2/library/web/manifests/1?ns=docker.io`)
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('docker-content-digest') ?? '', /^sha256:/)
  })
  await kubectl('delete', '-k', output)
  await kubectl('label', 'node', a.name, 'nodeseed.dev/registry-')
}
