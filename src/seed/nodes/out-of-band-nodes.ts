import type { LockedImage } from '../../bundle/format/lock.ts'
import { type Finding, finding } from '../../finding.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { listNames } from '../../plural.ts'
import type { GeneratedFile } from '../files/generated-file.ts'
import type { NodeRegistry, OutOfBand } from '../methods/contract/method.ts'
import { methodNamed } from '../methods/methods.ts'
import type { OutOfBandNode } from './seedable-node.ts'

/** What the operator does for nodes that no pod can seed: a finding for each kind of them, and the files that it needs. */
export function prepareNodes(
  nodes: readonly OutOfBandNode[],
  images: readonly LockedImage[],
  registry: NodeRegistry | undefined,
): { findings: Finding[]; files: GeneratedFile[] } {
  const byMethod = Map.groupBy(nodes, ({ method }) => method)
  const groups = Map.groupBy(nodes, ({ method, platform }) => `${method} ${formatPlatform(platform)}`)
  return {
    findings: [...groups.values()].flatMap((group) => findingsOf(group, registry)),
    files: [...byMethod].flatMap(([method, group]) => wayOf(method)?.files?.(group, images, registry) ?? []),
  }
}

function findingsOf(group: readonly OutOfBandNode[], registry: NodeRegistry | undefined): Finding[] {
  const [{ method, platform }] = group as [OutOfBandNode]
  const unable = wayOf(method)?.unable?.(group, registry)
  const able = group.filter((node) => !unable?.nodes.includes(node))
  if (able.length === 0) return unable ? [unable.finding] : []
  const fate = able.length === 1 ? 'gets no label, and is' : 'get no label, and are'
  const names = listNames(able.map(({ name }) => name))
  const message = `${count(able)} no seeding pod (${method}, ${formatPlatform(platform)}), ${fate} prepared from outside: ${names}`
  const prepared = finding('NODE_PREPARED_OUTSIDE', message, { hint: wayOf(method)?.hint(platform, registry) })
  return [...(unable ? [unable.finding] : []), prepared, ...(wayOf(method)?.findings?.(able, registry) ?? [])]
}

function wayOf(method: OutOfBandNode['method']): OutOfBand | undefined {
  const { seeding } = methodNamed(method)
  return seeding?.by === 'operator' ? seeding : undefined
}

function count(nodes: readonly OutOfBandNode[]): string {
  return nodes.length === 1 ? '1 node takes' : `${nodes.length} nodes take`
}
