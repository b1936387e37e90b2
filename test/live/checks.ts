import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkAdmission } from './admission.ts'
import { startControlPlane } from './control-plane.ts'
import { checkCrio } from './crio-seeding.ts'
import { checkHeldSets } from './held-sets.ts'
import { checkJoins } from './joins.ts'
import type { LiveCluster } from './live-cluster.ts'
import { type NewNode, startNode } from './live-node.ts'
import { checkMonths } from './months.ts'
import { checkPressure } from './pressure.ts'
import { ProcessGroup } from './process-group.ts'
import { checkRegistry } from './registry.ts'
import { Report } from './report.ts'
import { checkResources } from './resources.ts'
import { checkSeeding } from './seeding.ts'
import { writeShop } from './shop.ts'
import { checkTrust } from './trust.ts'

export interface LiveOptions {
  /** Some parts instead of all, with commas between them: resources, admission, trust, registry, seeding, sets, months, joins, pressure, crio. */
  readonly only: string | undefined
  /** The program as one file, for what runs in the cluster. */
  readonly program: string
  /** Let the cluster go on until the run is interrupted. */
  readonly keep: boolean
}

/** Starts a cluster of two nodes, checks, and stops it. Resolves to the exit code, and a line that says how it went. */
export async function liveChecks(
  binaries: string,
  directory: string,
  { only, keep, program }: LiveOptions,
): Promise<{ code: number; summary: string }> {
  const logs = join(directory, 'logs')
  await mkdir(logs, { recursive: true })
  const processes = new ProcessGroup(logs)
  const report = new Report(only)
  const disks: string[] = []
  try {
    const shop = await writeShop(directory, program)
    const cluster = await startControlPlane(binaries, join(directory, 'cluster'), processes)
    const parts = { binaries, base: join(directory, 'nodes'), pause: shop.pause, cluster, processes }
    const nodes = [
      await startNode({ name: 'node-a', address: '10.77.0.1', offset: 0 }, parts),
      await startNode({ name: 'node-b', address: '10.77.0.2', offset: 1 }, parts),
    ] as const
    const addNode = (node: NewNode) => {
      if (node.disk) disks.push(join(parts.base, node.name, '/var/lib'))
      return startNode(node, parts)
    }
    const live: LiveCluster = { ...cluster, nodes, addNode, shop, processes, directory, report }
    console.log(`KUBECONFIG=${cluster.kubeconfig} (in the network namespace of ${process.pid})`)
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
    await report.part('resources', () => checkResources(live))
    await report.part('admission', () => checkAdmission(live))
    await report.part('trust', () => checkTrust(live))
    await report.part('registry', () => checkRegistry(live))
    await report.part('seeding', () => checkSeeding(live))
    await report.part('sets', () => checkHeldSets(live))
    await report.part('months', () => checkMonths(live))
    await report.part('joins', () => checkJoins(live))
    await report.part('pressure', () => checkPressure(live))
    await report.part('crio', () => checkCrio(live))
    console.log(report.summary())
    if (keep) await once(process, 'SIGINT')
    return { code: report.failed > 0 ? 1 : 0, summary: report.summary() }
  } finally {
    await processes.stop()
    for (const disk of disks) spawnSync('umount', ['--lazy', disk])
  }
}
