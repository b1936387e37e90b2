import { UnnamedFile } from '../../src/layout/files/unnamed-file.ts'
import { applyPatch } from '../../src/layout/patch/apply-patch.ts'
import { encodeHead, type PatchHead, parsePatch } from '../../src/layout/patch/layer-patch.ts'
import { type LayerBytes, OpenLayer } from '../../src/layout/patch/layer-text.ts'
import { makePatch } from '../../src/layout/patch/make-patch.ts'

/** A patch that is held as a whole. */
export async function patchBytes(layer: LayerBytes, base: LayerBytes): Promise<Buffer | undefined> {
  const made = await makePatch(layer, base)
  if (!('patch' in made)) return undefined
  const file = made.patch
  const bytes = file.read(0, file.size)
  await file.close()
  return bytes
}

/** What a patch gives, and how many bytes it gave before it failed. */
export async function appliedPatch(bytes: Uint8Array, base: LayerBytes): Promise<Buffer> {
  const patch = parsePatch(bytes, bytes.length, 'patch')
  const [file, opened] = [await UnnamedFile.of(inOneChunk(bytes)), await OpenLayer.open(base)]
  try {
    const pieces: Uint8Array[] = []
    for await (const piece of applyPatch({ patch, file, base: opened }, 'delta')) pieces.push(piece)
    return Buffer.concat(pieces)
  } finally {
    await opened.close()
    await file.close()
  }
}

/** A patch with this head, whatever it says, and these bytes behind it. */
export function patchWith(head: PatchHead, body: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([encodeHead(head), body])
}

async function* inOneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
