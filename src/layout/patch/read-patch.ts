import { ExpectedError } from '../../errors.ts'
import type { BundleFile } from '../bundle-file.ts'
import { type LayerPatch, parsePatch } from './layer-patch.ts'
import { MAX_HEAD } from './limits.ts'

/**
 * What a patch says that a delta brings. All of it is read and hashed; its first lines are held.
 *
 * @throws {ExpectedError} BUNDLE_INVALID for what is no patch; CONTENT_MISMATCH where it is damaged
 */
export async function readPatch(delta: BundleFile, name: string): Promise<LayerPatch> {
  const beginning: Uint8Array[] = []
  let size = 0
  for await (const chunk of delta.openFile(name)) {
    if (size < MAX_HEAD) beginning.push(chunk)
    size += chunk.length
  }
  return parsePatch(Buffer.concat(beginning), size, `${delta.path}: ${name}`)
}

/** The layer that a patch makes, where it is the one that the patch is named after. @throws {ExpectedError} as {@link readPatch} */
export async function readPatchOf(layer: string, delta: BundleFile, name: string): Promise<LayerPatch> {
  const patch = await readPatch(delta, name)
  if (patch.layer.digest === layer) return patch
  throw new ExpectedError('BUNDLE_INVALID', `${delta.path}: ${name}: makes another layer, ${patch.layer.digest}`)
}
