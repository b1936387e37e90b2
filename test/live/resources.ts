import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PAUSE } from './containerd-node.ts'
import { type LiveCluster, nodeseed, seedInto } from './live-cluster.ts'

const VARIANTS: [what: string, args: string[]][] = [
  ['plain', []],
  ['for NFD, with pruning, in waves', ['--nfd', '--prune', '--max-unavailable', '3', '--guard', 'warn']],
  ['with labels that nodes cannot forge', ['--label-prefix', 'node-restriction.kubernetes.io', '--guard', 'deny']],
  ['from a registry', ['--from-registry', 'http://10.77.0.254:5000', '--set-name', 'pulled', '--namespace', 'other']],
  ['placed where it may run', ['--place-on', 'eligible', '--guard', 'deny']],
]

/** The API server takes what nodeseed writes, knows every field of it, and has no warning to give. */
export async function checkResources(live: LiveCluster): Promise<void> {
  const { report, directory } = live
  for (const [index, [what, args]] of VARIANTS.entries()) {
    const output = await seedInto(live, `variant-${index}`, { args })
    const parts = await readdir(output)
    await report.check(`seeding resources ${what}: as a kustomization and as plain files`, async () => {
      await takes(live, 'apply', '-f', join(output, 'seeding', 'namespace.yaml'))
      await takes(live, 'apply', '-k', join(output, 'seeding'), '--dry-run=server')
      const files = (await readdir(join(output, 'seeding'))).filter((name) => name !== 'kustomization.yaml')
      for (const name of files) await takes(live, 'apply', '-f', join(output, 'seeding', name), '--dry-run=server')
    })
    if (parts.includes('guard')) {
      await report.check(`guard ${what}`, async () => {
        await takes(live, 'apply', '-k', join(output, 'guard'), '--dry-run=server')
        await takes(live, 'apply', '-f', join(output, 'guard', 'node-selectors.yaml'), '--dry-run=server')
      })
    }
    await report.check(`patched workloads ${what}`, async () => {
      await writeFile(join(directory, 'kustomization.yaml'), kustomization(`variant-${index}`))
      await takes(live, 'apply', '-k', directory, '--dry-run=server')
    })
  }
  await report.check('the registry in the cluster, from nodes and from a claim', async () => {
    for (const claim of [[], ['--claim', 'bundles']]) {
      const output = join(directory, `registry${claim.length}`)
      const args = ['--sandbox-image', PAUSE, '--bundle-path', '/var/lib/nodeseed/shop.tar', ...claim]
      // A bundle that is elsewhere: one that is here would have to carry the program.
      const { exitCode, stderr } = await nodeseed(live, 'serve', 'elsewhere.tar', '--in-cluster', output, ...args)
      assert.equal(exitCode, 0, stderr)
      await takes(live, 'apply', '-f', join(live.directory, 'variant-0', 'seeding', 'namespace.yaml'))
      await takes(live, 'apply', '-k', output, '--dry-run=server')
    }
  })
  await report.check('a guard and DaemonSets that are not written any more go with one command', async () => {
    const before = await seedInto(live, 'before', {
      args: ['--guard', 'deny', '--pool-label', 'kubernetes.io/hostname'],
    })
    const after = await seedInto(live, 'after', { args: ['--after', before] })
    for (const part of ['seeding', 'guard']) await takes(live, 'apply', '-k', join(before, part))
    await takes(live, 'apply', '-k', join(after, 'seeding'))
    const list = [
      'get',
      'daemonsets,validatingadmissionpolicies,validatingadmissionpolicybindings',
      '-n',
      'nodeseed',
      '-o',
      'name',
    ]
    assert.equal((await live.kubectl(...list)).trim().split('\n').length, 5)
    for (const _ of ['once', 'again'])
      await live.kubectl('delete', '--ignore-not-found', '-f', join(after, 'obsolete.yaml'))
    assert.equal((await live.kubectl(...list)).trim().split('\n').length, 1)
  })
  await live.kubectl('delete', 'namespace', 'other', 'nodeseed')
}

/** Workloads, patched as the component of a seeding says. */
export function kustomization(output: string, manifests = 'shop.yaml'): string {
  return JSON.stringify({ resources: [manifests], components: [`${output}/workloads`] })
}

/** kubectl, with every field checked by the server; what it says beside its answer is a fault too. */
async function takes(live: LiveCluster, ...args: string[]): Promise<void> {
  const said = await live.kubectlSays(...args, '--validate=strict')
  assert.equal(said.stderr, '')
}
