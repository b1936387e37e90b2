import { readFile, writeFile } from 'node:fs/promises'
import type { Lock, LockedImage } from '../../src/bundle/format/lock.ts'
import { carriedFiles } from '../../src/bundle/format/node-files.ts'
import type { PlannedFile } from '../../src/bundle/format/plan.ts'
import { type BundlePlan, type ExtraFile, planBundle } from '../../src/bundle/format/plan.ts'
import { BLOCK, encodeHeader } from '../../src/bundle/format/tar-header.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { type Blobs, tarOf } from './image-maker.ts'
import { NODE_SCRIPT } from './node-script.ts'

/** Writes a bundle of images as `nodeseed bundle` does. With `without` it is a delta; with `leaveOut` some blobs are missing: damage. `files` are beside it. */
export async function writeTestBundle(
  path: string,
  images: readonly LockedImage[],
  blobs: Blobs,
  {
    leaveOut = new Set<string>(),
    files = [],
    without,
  }: { leaveOut?: ReadonlySet<string>; files?: readonly ExtraFile[]; without?: ReadonlySet<Digest> } = {},
): Promise<Lock> {
  const lock: Lock = { version: 1, images }
  const plan = planBundle(lock, [...carriedFiles(lock, await readFile(NODE_SCRIPT, 'utf8')), ...files], {
    ...(without && { without }),
  })
  if (leaveOut.size > 0) {
    const kept = plan.files.filter(({ blob }) => !leaveOut.has(blob?.digest ?? ''))
    await writeFile(path, await tarOf(kept.map((file) => [{ name: file.name }, contentOf(file, blobs)])))
    return lock
  }
  const writer = await BundleWriter.create(path, plan)
  for (const { blob } of plan.files) {
    if (!blob) continue
    const target = writer.blob(blob.digest)
    await target.write(blobs.get(blob.digest) ?? Buffer.alloc(0))
    await target.end()
  }
  await writer.commit()
  return lock
}

/** The bytes of a planned bundle. */
export function bundleBytes({ files, size }: BundlePlan, blobs: Blobs): Buffer {
  const bytes = Buffer.alloc(size)
  for (const file of files) {
    bytes.set(encodeHeader(file.name, file.size), file.offset - BLOCK)
    bytes.set(contentOf(file, blobs), file.offset)
  }
  return bytes
}

function contentOf({ content, blob }: PlannedFile, blobs: Blobs): Buffer {
  return Buffer.from(content ?? (blob && blobs.get(blob.digest)) ?? '')
}
