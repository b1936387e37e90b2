import pLimit from 'p-limit'
import { ExpectedError } from '../errors.ts'
import { blobsOf, type Lock, type PlannedFile } from '../inventory.ts'
import type { BlobSink } from '../oci/blob-sink.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { parseReference, type Reference } from '../oci/reference.ts'
import type { ImageFailure } from './failure.ts'

/** Where blobs come from. */
export interface BlobSource {
  readBlob(repository: Reference, blob: Descriptor, sink: BlobSink): Promise<void>
}

/** Where blobs go; `end` throws unless the whole blob arrived as its digest says. */
export interface BlobTarget {
  blob(digest: Digest): BlobSink & { end(): Promise<void> }
}

export interface FillOptions {
  /** How many blobs are fetched at the same time. */
  readonly concurrency?: number
  /** Blobs that are already here, by digest. */
  readonly documents?: ReadonlyMap<Digest, Uint8Array>
  readonly onBytes?: (count: number) => void
  readonly onBlob?: (blob: Descriptor) => void
}

/**
 * Fetches every planned blob into its place, the largest first, so that no large one is left alone at the end.
 * Goes past blobs that fail and gives the images that lack one.
 *
 * @throws {ExpectedError} DISK_FULL, DISK_ERROR: no other blob would fare better.
 */
export async function fillBundle(
  { lock, files }: { lock: Lock; files: readonly PlannedFile[] },
  source: BlobSource,
  target: BlobTarget,
  { concurrency = 4, documents = new Map(), onBytes, onBlob }: FillOptions = {},
): Promise<ImageFailure[]> {
  const users = usersOf(lock)
  const errors = new Map<Digest, ExpectedError>()
  const blobs = files.flatMap(({ blob }) => blob ?? []).sort((a, b) => b.size - a.size)
  await pLimit(concurrency).map(blobs, async (blob) => {
    const sink = target.blob(blob.digest)
    const counting: BlobSink = {
      get received() {
        return sink.received
      },
      write(chunk) {
        onBytes?.(chunk.length)
        return sink.write(chunk)
      },
    }
    try {
      const document = documents.get(blob.digest)
      if (document) await counting.write(document)
      else await source.readBlob(users.get(blob.digest)!, blob, counting)
      await sink.end()
      onBlob?.(blob)
    } catch (error) {
      if (!(error instanceof ExpectedError) || error.code.startsWith('DISK_')) throw error
      errors.set(blob.digest, error)
    }
  })
  return lock.images.flatMap((image) => {
    const error = blobsOf(image)
      .map(({ digest }) => errors.get(digest))
      .find((found) => found !== undefined)
    return error ? [{ reference: image.reference, error }] : []
  })
}

/** For each blob, an image that has it: its repository is where to ask. */
function usersOf({ images }: Lock): Map<Digest, Reference> {
  const users = new Map<Digest, Reference>()
  for (const image of images) {
    const reference = parseReference(image.reference)
    for (const { digest } of blobsOf(image)) if (!users.has(digest)) users.set(digest, reference)
  }
  return users
}
