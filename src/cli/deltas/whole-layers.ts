import type { PatchCandidate } from '../../bundle/delta/patch-candidates.ts'
import { type Lock, layersOf } from '../../bundle/format/lock.ts'
import type { Digest } from '../../oci/digest.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { countOf } from '../../plural.ts'

/** A layer that is new and comes as its registry has it, and why no patch of it does. */
export interface WholeLayer {
  /** An image that has it, as its lock names it. */
  readonly reference: string
  readonly digest: Digest
  readonly size: number
  readonly reason: string
}

const ALONE = 'no layer of the base is at its place'
const OTHER_HASH = 'patches are made of layers with a sha256 digest only'

/** The new layers for which nothing is there that a patch could start from. */
export function layersAlone(
  { lock, without }: { readonly lock: Lock; readonly without: ReadonlySet<Digest> },
  candidates: readonly PatchCandidate[],
): WholeLayer[] {
  const seen = new Set<Digest>([...without, ...candidates.map(({ layer }) => layer.digest)])
  const alone: WholeLayer[] = []
  for (const image of lock.images) {
    for (const { digest, size } of layersOf(image)) {
      if (seen.has(digest)) continue
      seen.add(digest)
      const reason = digest.startsWith('sha256:') ? ALONE : OTHER_HASH
      alone.push({ reference: image.reference, digest, size, reason })
    }
  }
  return alone
}

/** A line for each image and reason. */
export function describeAlone(layers: readonly WholeLayer[]): string[] {
  const lines = new Map<string, { count: number; size: number; reference: string; reason: string }>()
  for (const { reference, reason, size } of layers) {
    const key = `${reference} ${reason}`
    const known = lines.get(key) ?? { count: 0, size: 0, reference, reason }
    lines.set(key, { ...known, count: known.count + 1, size: known.size + size })
  }
  return [...lines.values()].map(({ count, size, reference, reason }) => {
    const travel = count === 1 ? 'travels whole' : 'travel whole'
    return `${reference}, ${countOf(count, 'new layer')} with ${formatBytes(size)} ${travel}: ${reason}`
  })
}
