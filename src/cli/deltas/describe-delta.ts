import { patchedLayers } from '../../bundle/format/patch-files.ts'
import type { BundleTable, RequiredBlob } from '../../bundle/format/table.ts'
import type { Digest } from '../../oci/digest.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { countOf } from '../../plural.ts'

/** A layer that a delta brings as a patch of `bytes` bytes. */
interface PatchedLayer extends RequiredBlob {
  readonly bytes: number
}

/** The layers that a delta brings as patches of layers that its receiver has. */
export function patchesIn({ files, requires = [] }: Pick<BundleTable, 'files' | 'requires'>): PatchedLayer[] {
  const patches = patchedLayers(files)
  return requires.flatMap(({ digest, size }) => {
    const patch = patches.get(digest)
    return patch ? [{ digest, size, bytes: patch.size }] : []
  })
}

/** What people are told of a delta, in lines; none for a bundle that is whole. */
export function describeDelta(table: Pick<BundleTable, 'files' | 'requires'>): string[] {
  if (!table.requires) return []
  const patches = patchesIn(table)
  const patched = new Set<Digest>(patches.map(({ digest }) => digest))
  const left = table.requires.filter(({ digest }) => !patched.has(digest))
  const had = left.length > 0 ? describeRequired(left) : 'the bundle it was made against'
  const lines = [`a delta: its receiver has ${had} already`]
  if (patches.length > 0) {
    const bytes = patches.reduce((sum, patch) => sum + patch.bytes, 0)
    const whole = patches.reduce((sum, { size }) => sum + size, 0)
    const layers = countOf(patches.length, 'layer')
    lines.push(`${layers} with ${formatBytes(whole)} as patches of ${formatBytes(bytes)}: merge makes them of the base`)
  }
  return lines
}

/** `12 blobs with 1.2 GB`. */
export function describeRequired(required: readonly RequiredBlob[]): string {
  return `${countOf(required.length, 'blob')} with ${formatBytes(required.reduce((sum, { size }) => sum + size, 0))}`
}
