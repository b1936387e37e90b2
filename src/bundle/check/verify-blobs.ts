import { createHash } from 'node:crypto'
import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, splitDigest } from '../../oci/digest.ts'

/** Blobs as far as checking them needs. */
export interface ReadableBlobs {
  readonly blobs: ReadonlyMap<Digest, unknown>
  openBlob(digest: Digest, options: { reuse: true }): AsyncIterable<Uint8Array>
}

/**
 * Hashes these blobs, each once; those that a delta leaves out are passed over.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH at the first that is not what its digest says.
 */
export async function verifyBlobs(
  blobs: readonly Descriptor[],
  source: ReadableBlobs,
  onBytes: (count: number) => void = () => {},
): Promise<void> {
  for (const digest of new Set(blobs.map((blob) => blob.digest))) {
    if (!source.blobs.has(digest)) continue
    const { algorithm, hex } = splitDigest(digest)
    const hash = createHash(algorithm)
    for await (const chunk of source.openBlob(digest, { reuse: true })) {
      hash.update(chunk)
      onBytes(chunk.byteLength)
    }
    const actual = hash.digest('hex')
    if (actual === hex) continue
    throw new ExpectedError('CONTENT_MISMATCH', `blob ${digest} is damaged: it hashes to ${algorithm}:${actual}`, {
      hint: 'Nothing was loaded. Copy the bundle again, then run nodeseed verify on it.',
    })
  }
}
