import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CliResult, runCli } from '../support/cli.ts'
import { toolEnvironment } from '../support/debian.ts'
import type { ControlPlane } from './control-plane.ts'
import type { LiveNode, NewNode } from './live-node.ts'
import type { ProcessGroup } from './process-group.ts'
import type { Report } from './report.ts'
import type { Shop } from './shop.ts'

/** What the checks have to work with. */
export interface LiveCluster extends ControlPlane {
  readonly nodes: readonly [LiveNode, LiveNode]
  /** Starts one more. */
  readonly addNode: (node: NewNode) => Promise<LiveNode>
  readonly shop: Shop
  readonly processes: ProcessGroup
  /** For what a check writes. */
  readonly directory: string
  readonly report: Report
}

/** Runs nodeseed as the cluster's admin. */
export function nodeseed({ kubeconfig }: LiveCluster, ...args: readonly string[]): Promise<CliResult> {
  return runCli([...args], { env: toolEnvironment({ KUBECONFIG: kubeconfig }) as Record<string, string> })
}

/** Runs `nodeseed seed` for the nodes as they are; gives the directory that it wrote. */
export async function seedInto(
  live: LiveCluster,
  name: string,
  {
    bundle = live.shop.bundle,
    manifests = live.shop.manifests,
    args = [],
  }: { bundle?: string; manifests?: string; args?: readonly string[] } = {},
): Promise<string> {
  const nodes = join(live.directory, 'nodes.json')
  await writeFile(nodes, JSON.stringify(await live.get('nodes')))
  const output = join(live.directory, name)
  const { exitCode, stderr } = await nodeseed(
    live,
    ...['seed', bundle, '--nodes', nodes, '--output', output, '--force', ...args, manifests],
  )
  if (exitCode !== 0) throw new Error(`nodeseed seed: ${exitCode} ${stderr}`)
  return output
}

/** A pod of one container. */
export function pod(name: string, image: string, spec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image, imagePullPolicy: 'Never' }],
      ...spec,
    },
  }
}

/** Runs a script that nodeseed wrote, to its end. */
export function runScript({ kubeconfig }: LiveCluster, file: string, ...args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile('sh', [file, ...args], { env: toolEnvironment({ KUBECONFIG: kubeconfig }) }, (error, stdout, stderr) =>
      resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

/** The keys of a node's labels that begin so, in order. */
export async function labelKeys(live: LiveCluster, node: string, prefix: string): Promise<string[]> {
  const { metadata } = await live.get('node', node)
  return Object.keys(metadata.labels)
    .filter((key) => key.startsWith(prefix))
    .sort()
}
