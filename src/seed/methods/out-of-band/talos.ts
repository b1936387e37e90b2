import { blobsOf, type LockedImage } from '../../../bundle/format/lock.ts'
import { finding } from '../../../finding.ts'
import { formatPlatform } from '../../../oci/platform.ts'
import { listNames } from '../../../plural.ts'
import type { GeneratedFile } from '../../files/generated-file.ts'
import type { Method, NodeAtHand, NodeRegistry, UnableNodes } from '../contract/method.ts'
import { talosConfig, talosFeatures } from './talos-config.ts'

/** An image cache that Talos itself reads; it has no shell for a pod. */
export const talos = {
  name: 'talos',
  readme: {
    node: 'Talos 1.9 and newer',
    how: '`sh seed.sh --method talos --root DIR BUNDLE`, and the file that `seed` writes in `talos/`',
  },
  script: { does: 'write an image cache for Talos below --root', isLookedFor: false, isForLoad: false },
  seeding: {
    by: 'operator',
    isReportedBy: ({ status }) => status?.nodeInfo?.osImage?.startsWith('Talos') ?? false,
    misfit: ({ status }) => `it runs ${status?.nodeInfo?.osImage || 'another system'}`,
    hint: (platform, registry) =>
      registry
        ? `Apply the file in talos/: they pull from ${registry.url} then.`
        : `sh seed.sh --method talos --platform ${formatPlatform(platform)} --root DIR BUNDLE writes the image cache; the file in talos/ says how to bring it in.`,
    unable,
    files,
  },
} as const satisfies Method

function unable(nodes: readonly NodeAtHand[], registry: NodeRegistry | undefined): UnableNodes | undefined {
  const old = nodes.filter(({ node }) => talosFeatures(node) === undefined && !registry)
  if (old.length === 0) return undefined
  const names = listNames(old.map(({ name }) => name))
  const message = `no image cache before Talos 1.9, and no shell for a pod: ${names}`
  return { nodes: old, finding: finding('TALOS_TOO_OLD', message) }
}

function files(
  nodes: readonly NodeAtHand[],
  images: readonly LockedImage[],
  registry: NodeRegistry | undefined,
): GeneratedFile[] {
  const byFeatures = Map.groupBy(nodes, ({ node }) => talosFeatures(node) ?? (registry ? 'v1.9' : undefined))
  return [...byFeatures].flatMap(([features, group]) =>
    features ? [talosConfig(features, group, cacheBytes(group, images), registry)] : [],
  )
}

/** Bytes of the largest image cache that a node of the group needs. */
function cacheBytes(group: readonly NodeAtHand[], images: readonly LockedImage[]): number {
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
