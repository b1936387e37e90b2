import { attachedBlobsOf, blobsOf, type Lock } from '../../bundle/format/lock.ts'
import { describeSparse, sparseImages } from '../../bundle/push/sparse-index.ts'
import type { Digest } from '../../oci/digest.ts'

/**
 * What whoever pushes the images of a lock must know of their indexes, as far as these were read on the way; undefined
 * where that is nothing.
 */
export async function sparseNote(
  { images }: Lock,
  documents: ReadonlyMap<Digest, Uint8Array>,
): Promise<string | undefined> {
  const held = new Set(
    images.flatMap((image) => [...blobsOf(image), ...attachedBlobsOf(image)]).map(({ digest }) => digest),
  )
  const read = images.filter(({ target }) => documents.has(target.digest))
  const readDocument = async (digest: Digest) => documents.get(digest) ?? new Uint8Array()
  return describeSparse(await sparseImages(read, { blobs: held, readDocument }))
}
