import { patchedLayers } from '../../bundle/format/patch-files.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import { PatchedLayers } from '../../layout/patch/patched-layers.ts'
import type { Content } from '../../oci/content/content.ts'
import { LayeredContent } from '../../oci/content/layered-content.ts'

/**
 * What deltas among these, the base first, bring as patches: each is made of all that is there and of what earlier ones
 * bring.
 *
 * @throws {ExpectedError} BUNDLE_INVALID where a layer is missing that a patch starts from
 */
export async function patchedContents(contents: readonly Content[]): Promise<PatchedLayers[]> {
  const patched: PatchedLayers[] = []
  for (const content of contents) {
    if (!(content instanceof BundleFile) || patchedLayers(content.table.files).size === 0) continue
    patched.push(await PatchedLayers.open(content, new LayeredContent([...contents, ...patched])))
  }
  return patched
}
