import { type Digest, isDigest, splitDigest } from '../../oci/digest.ts'
import type { FileEntry } from './table.ts'

const PREFIX = 'nodeseed/patch-'

/** Where in a delta the patch is that makes this layer of one that the receiver has. */
export function patchFile(layer: Digest): string {
  return `${PREFIX}${splitDigest(layer).hex}`
}

/** Whether a file of this name is a patch: it may have any size, and is never held as a whole. */
export function isPatchFile(name: string): boolean {
  return name.startsWith(PREFIX)
}

/** The layers that a delta with these files brings as patches, each with the size of its patch. */
export function patchedLayers(files: readonly FileEntry[]): Map<Digest, FileEntry> {
  return new Map(
    files.flatMap((file) => {
      const layer = `sha256:${file.name.slice(PREFIX.length)}`
      return isPatchFile(file.name) && isDigest(layer) ? [[layer, file] as const] : []
    }),
  )
}
