import { type Lock, layersOf } from '../../bundle/format/lock.ts'
import { patchedLayers } from '../../bundle/format/patch-files.ts'
import { ExpectedError } from '../../errors.ts'
import type { BundleFile } from '../bundle-file.ts'
import { readPatch } from './read-patch.ts'

/**
 * What is wrong with the patches that a delta brings, as far as that can be told without its base: a file that is no patch,
 * or whose layer is not the one that it is named after, in its size too.
 */
export async function patchProblems(delta: BundleFile): Promise<string[]> {
  const sizes = layerSizes(delta.lock)
  const problems: string[] = []
  for (const [layer, { name }] of patchedLayers(delta.table.files)) {
    const where = `${delta.path}: ${name}`
    try {
      const patch = await readPatch(delta, name)
      if (patch.layer.digest !== layer) problems.push(`${where}: makes another layer, ${patch.layer.digest}`)
      else if (!sizes.has(layer)) problems.push(`${where}: makes a layer of no image`)
      else if (sizes.get(layer) !== patch.layer.size) problems.push(`${where}: makes a layer of another size`)
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      // Damage is said of every file already.
      if (error.code !== 'CONTENT_MISMATCH') problems.push(error.message)
    }
  }
  return problems
}

function layerSizes({ images }: Lock): Map<string, number> {
  const layers = images.flatMap(layersOf)
  return new Map(layers.map(({ digest, size }) => [digest, size]))
}
