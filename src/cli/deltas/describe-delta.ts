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

/** What programs are told of the patches of a delta: each, and all of them together. Nothing where there are none. */
export function patchReport(table: Pick<BundleTable, 'files' | 'requires'>) {
  const patches = patchesIn(table)
  return patches.length > 0 ? { patches, patchTotal: totalOf(patches) } : {}
}

/** How many layers come as patches, their bytes, and the bytes of the patches. */
function totalOf(patches: readonly PatchedLayer[]): { layers: number; size: number; bytes: number } {
  return {
    layers: patches.length,
    size: patches.reduce((sum, { size }) => sum + size, 0),
    bytes: patches.reduce((sum, { bytes }) => sum + bytes, 0),
  }
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
    const { layers, size, bytes } = totalOf(patches)
    const change = `${formatBytes(size)} → ${formatBytes(bytes)}`
    lines.push(`${countOf(layers, 'layer')} as patches, ${change}: merge makes them of the base`)
  }
  return lines
}

/** `12 blobs with 1.2 GB`. */
export function describeRequired(required: readonly RequiredBlob[]): string {
  return `${countOf(required.length, 'blob')} with ${formatBytes(required.reduce((sum, { size }) => sum + size, 0))}`
}
