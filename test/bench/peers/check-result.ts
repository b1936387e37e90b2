import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchImage } from '../images.ts'

/** What of the images is in a result, counted by what its files hash to, whatever they are called. */
export async function describeResult(path: string, images: readonly BenchImage[]): Promise<string> {
  const unpacked = statSync(path).isDirectory() ? undefined : mkdtempSync(`${path}.unpacked-`)
  try {
    if (unpacked) execFileSync('tar', ['-xf', path, '-C', unpacked])
    const hashes = await hashesBelow(unpacked ?? path)
    const blobs = new Set(images.flatMap((image) => image.blobs.map(({ digest }) => digest)))
    const manifests = new Set(images.map(({ manifest }) => manifest))
    const there = (digests: Set<string>) =>
      `${[...digests].filter((digest) => hashes.has(digest)).length} of ${digests.size}`
    return `${there(blobs)} blobs, ${there(manifests)} manifests as they were`
  } finally {
    if (unpacked) rmSync(unpacked, { recursive: true })
  }
}

async function hashesBelow(directory: string): Promise<Set<string>> {
  const hashes = new Set<string>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(join(entry.parentPath, entry.name))) hash.update(chunk as Buffer)
    hashes.add(`sha256:${hash.digest('hex')}`)
  }
  return hashes
}
