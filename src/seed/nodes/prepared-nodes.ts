import { blobsOf, type LockedImage } from '../../bundle/format/lock.ts'
import type { Finding } from '../../finding.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { listNames } from '../../plural.ts'
import { bottlerocketSettings } from '../methods/bottlerocket-settings.ts'
import { type TalosFeatures, talosConfig, talosFeatures } from '../methods/talos-config.ts'
import type { OutputFile } from '../output/output-file.ts'
import type { PreparedNode } from './seedable-node.ts'

/** The registry that nodes pull from instead of reading a file. */
export interface Mirror {
  readonly url: string
  /** The authorities (PEM) that its certificate is checked with; undefined where nodes know them already. */
  readonly ca: string | undefined
}

/** What the operator does for nodes that no pod can seed: a finding for each kind of them, and the files that it needs. */
export function prepareNodes(
  nodes: readonly PreparedNode[],
  images: readonly LockedImage[],
  mirror: Mirror | undefined,
): { findings: Finding[]; files: OutputFile[] } {
  const groups = Map.groupBy(nodes, ({ method, platform }) => `${method} ${formatPlatform(platform)}`)
  return {
    findings: [...groups.values()].flatMap((group) => findingsOf(group, mirror)),
    files: [...talosFiles(nodes, images, mirror), ...bottlerocketFiles(nodes, mirror)],
  }
}

function findingsOf(group: readonly PreparedNode[], mirror: Mirror | undefined): Finding[] {
  const old = group.filter((node) => node.method === 'talos' && talosFeatures(node.node) === undefined && !mirror)
  const able = group.filter((node) => !old.includes(node))
  return [
    ...(old.length > 0 ? [tooOld(old)] : []),
    ...(able[0]
      ? [
          {
            code: 'NODE_PREPARED_OUTSIDE',
            severity: 'warning' as const,
            message: `${count(able)} no seeding pod (${able[0].method}, ${formatPlatform(able[0].platform)}), ${able.length === 1 ? 'gets no label, and is' : 'get no label, and are'} prepared from outside: ${names(able)}`,
            hint: wayFor(able[0], mirror),
            file: undefined,
            line: undefined,
          },
        ]
      : []),
  ]
}

function tooOld(nodes: readonly PreparedNode[]): Finding {
  return {
    code: 'TALOS_TOO_OLD',
    severity: 'error',
    message: `no image cache before Talos 1.9, and no shell for a pod: ${names(nodes)}`,
    hint: 'Upgrade them, or let them pull: nodeseed serve, and seed --from-registry.',
    file: undefined,
    line: undefined,
  }
}

function wayFor({ method, platform }: PreparedNode, mirror: Mirror | undefined): string {
  if (mirror && method !== 'bake') return `Apply the file in ${method}/: they pull from ${mirror.url} then.`
  const way = `--platform ${formatPlatform(platform)} --root DIR BUNDLE`
  if (method === 'talos') {
    return `sh seed.sh --method talos ${way} writes the image cache; the file in talos/ says how to bring it in.`
  }
  const volume = method === 'bottlerocket' ? "on a volume that becomes the nodes' data volume" : 'below a machine image'
  return `sh seed.sh --method bake ${way} fills /var/lib/containerd ${volume}.`
}

function talosFiles(
  nodes: readonly PreparedNode[],
  images: readonly LockedImage[],
  mirror: Mirror | undefined,
): OutputFile[] {
  const talos = nodes.filter(({ method }) => method === 'talos')
  const byFeatures = Map.groupBy(talos, ({ node }) => talosFeatures(node) ?? (mirror ? 'v1.9' : undefined))
  return [...byFeatures].flatMap(([features, group]) =>
    features ? [talosConfig(features satisfies TalosFeatures, group, cacheBytes(group, images), mirror)] : [],
  )
}

/** Bytes of the largest image cache that a node of the group needs. */
function cacheBytes(group: readonly PreparedNode[], images: readonly LockedImage[]): number {
  const platforms = new Set(group.map(({ platform }) => formatPlatform(platform)))
  return Math.max(
    ...Array.from(platforms, (wanted) => {
      const parts = images.map((image) => ({
        ...image,
        platforms: image.platforms.filter(({ platform }) => formatPlatform(platform) === wanted),
      }))
      const blobs = parts.filter((part) => part.platforms.length > 0).flatMap(blobsOf)
      return [...new Map(blobs.map(({ digest, size }) => [digest, size])).values()].reduce((sum, size) => sum + size, 0)
    }),
  )
}

function bottlerocketFiles(nodes: readonly PreparedNode[], mirror: Mirror | undefined): OutputFile[] {
  if (!mirror || !nodes.some(({ method }) => method === 'bottlerocket')) return []
  return [{ path: 'bottlerocket/settings.toml', content: bottlerocketSettings(mirror) }]
}

function count(nodes: readonly PreparedNode[]): string {
  return nodes.length === 1 ? '1 node takes' : `${nodes.length} nodes take`
}

function names(nodes: readonly PreparedNode[]): string {
  return listNames(nodes.map(({ name }) => name))
}
