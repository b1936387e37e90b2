import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type LiveCluster, labelKeys } from './live-cluster.ts'
import type { LiveNode } from './live-node.ts'
import { eventually } from './process-group.ts'

/** Where bundles lie on the nodes. */
export const BUNDLES = '/var/lib/nodeseed'
export const SEEDING = ['--namespace', 'nodeseed']
export const SHOP = ['--namespace', 'shop']

/** Copies a bundle onto a node, as an operator would. */
export async function bring(bundle: string, node: LiveNode): Promise<void> {
  const directory = join(node.directory, BUNDLES)
  await mkdir(directory, { recursive: true })
  await copyFile(bundle, join(directory, basename(bundle)))
}

async function seedingPods(live: LiveCluster): Promise<LivePod[]> {
  return (await live.get('pods', '--selector', 'nodeseed.dev/set', ...SEEDING)).items
}

interface ContainerState {
  readonly name: string
  readonly state: Record<string, { readonly message?: string; readonly reason?: string }>
  readonly lastState: Record<string, { readonly message?: string }>
}

interface LivePod {
  readonly spec: { readonly nodeName?: string }
  readonly status: {
    readonly conditions?: { readonly type: string; readonly status: string }[]
    readonly initContainerStatuses?: ContainerState[]
    readonly containerStatuses?: ContainerState[]
  }
}

/** The nodes whose seeding pod is ready. */
export async function readyNodes(live: LiveCluster): Promise<string[]> {
  const pods = await seedingPods(live)
  return pods
    .filter(({ status }) => status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
    .flatMap(({ spec }) => spec.nodeName ?? [])
}

/** What a seeding container left as its termination message. */
export async function reportOf(live: LiveCluster, node: LiveNode, container: string): Promise<Record<string, unknown>> {
  return eventually(async () => {
    const pod = (await seedingPods(live)).find(({ spec }) => spec.nodeName === node.name)
    const { state, lastState } = pod?.status.initContainerStatuses?.find(({ name }) => name === container) ?? {}
    const message = state?.terminated?.message ?? lastState?.terminated?.message
    return message ? JSON.parse(message) : undefined
  })
}

/** Why containers of the shop do not start. */
export async function waitingReasons(live: LiveCluster): Promise<string[]> {
  const { items } = (await live.get('pods', ...SHOP)) as { items: LivePod[] }
  return items.flatMap(
    ({ status }) => status.containerStatuses?.flatMap(({ state }) => state.waiting?.reason ?? []) ?? [],
  )
}

/** Where the shop runs. */
export async function nodesOfPods(live: LiveCluster): Promise<string[]> {
  const { items } = (await live.get('pods', ...SHOP)) as { items: LivePod[] }
  return [...new Set(items.flatMap(({ spec }) => spec.nodeName ?? []))].sort()
}

/** The keys of the seed labels of both nodes. */
export async function seedLabels(live: LiveCluster): Promise<string[]> {
  return Promise.all(live.nodes.map(async ({ name }) => (await labelKeys(live, name, 'images.nodeseed.dev/')).join()))
}

/** The key of the label that seed decided on. */
export async function setLabel(output: string): Promise<string> {
  return JSON.parse(await readFile(join(output, 'placement.json'), 'utf8')).sets[0].label
}
