import pLimit from 'p-limit'
import { ExpectedError, endsRun } from '../../errors.ts'
import type { BlobSink } from '../../oci/content/blob-sink.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseReference, type Reference, repositoryName } from '../../oci/reference.ts'
import type { ImageFailure } from '../failure.ts'
import { attachedBlobsOf, blobsOf, type Lock } from '../format/lock.ts'
import type { PlannedFile } from '../format/plan.ts'
import type { LostBlobs } from './lost.ts'

/** Where blobs come from over the network; it decides how many come at the same time. */
export interface BlobSource {
  readBlob(repository: Reference, blob: Descriptor, sink: BlobSink): Promise<void>
}

/** A place for one blob; `end` throws CONTENT_MISMATCH unless the whole blob arrived as its digest says. */
export interface BlobSlot extends BlobSink {
  /** Takes over what an earlier run left, and gives the bytes that are there. */
  recover(): Promise<number>
  restart(): Promise<void>
  end(): Promise<void>
}

export interface BlobSlots {
  blob(digest: Digest): BlobSlot
}

export interface FillOptions {
  /** Blobs that are in memory, by digest. */
  readonly documents?: ReadonlyMap<Digest, Uint8Array>
  /** Where to look before the network. */
  readonly reuse?: readonly Content[]
  /** Bytes that are in the file now and were not before; negative when some turned out to be wrong. */
  readonly onBytes?: (count: number) => void
}

export interface FillResult {
  readonly failures: readonly ImageFailure[]
  /** Why blobs could not be had. */
  readonly errors: LostBlobs
  /** Bytes that came over the network. */
  readonly downloaded: number
}

/** Reading and hashing local files keeps one core busy; a second reader hides the disk's latency. */
const LOCAL_CONCURRENCY = 2
/** Blobs of one registry that are looked at together: more than it ever sends at once, few enough to cost no memory. */
const WINDOW = 32
/** A blob that arrives wrong is asked for once more as a whole. */
const TRIES = 2

/**
 * Brings every planned blob to its place, the largest first, so that no large one is left alone at the end.
 * Goes past blobs that fail and gives the images that lack one.
 *
 * @throws {ExpectedError} DISK_FULL, DISK_ERROR, TIMED_OUT: no other blob would fare better.
 */
export async function fillBundle(
  { lock, files }: { lock: Lock; files: readonly PlannedFile[] },
  source: BlobSource,
  target: BlobSlots,
  { documents = new Map(), reuse = [], onBytes = () => {} }: FillOptions = {},
): Promise<FillResult> {
  const repositories = repositoriesOf(lock)
  const errors = new Map<Digest, ExpectedError>()
  const local = pLimit(LOCAL_CONCURRENCY)
  let downloaded = 0
  const blobs = files.flatMap(({ blob }) => blob ?? []).sort((a, b) => b.size - a.size)
  const counted: BlobSource = {
    async readBlob(repository, wanted, sink) {
      const before = sink.received
      await source.readBlob(repository, wanted, sink).finally(() => {
        downloaded += sink.received - before
      })
    },
  }
  const bring = async (blob: Descriptor) => {
    const place = watched(target.blob(blob.digest), onBytes)
    try {
      if (await local(() => findHere(blob, place, documents, reuse))) return
      await download(blob, place, repositories.get(blob.digest) ?? [], counted)
    } catch (error) {
      if (!(error instanceof ExpectedError) || endsRun(error)) throw error
      errors.set(blob.digest, error)
    }
  }
  // A window for each registry, so that a slow one does not keep the others waiting.
  const byRegistry = Map.groupBy(blobs, ({ digest }) => repositories.get(digest)?.[0]?.domain)
  await Promise.all([...byRegistry.values()].map((own) => pLimit(WINDOW).map(own, bring)))
  const failures = lock.images.flatMap((image) => {
    const error = [...blobsOf(image), ...attachedBlobsOf(image)]
      .map(({ digest }) => errors.get(digest))
      .find((found) => found !== undefined)
    return error ? [{ reference: image.reference, error }] : []
  })
  return { failures, errors, downloaded }
}

/** True when the blob is complete without the network; else the place may hold its beginning. */
async function findHere(
  { digest, size }: Descriptor,
  place: BlobSlot,
  documents: ReadonlyMap<Digest, Uint8Array>,
  reuse: readonly Content[],
): Promise<boolean> {
  if ((await place.recover()) === size && (await isComplete(place))) return true
  const document = documents.get(digest)
  const contents = reuse.filter(({ blobs }) => blobs.has(digest))
  const openers = contents.map((content) => () => content.openBlob(digest, { start: place.received, reuse: true }))
  for (const open of document ? [() => [document.subarray(place.received)], ...openers] : openers) {
    if (await copy(open(), place)) return true
  }
  return false
}

/** Content that cannot be read is as good as none. */
async function copy(content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, place: BlobSlot): Promise<boolean> {
  try {
    for await (const chunk of content) await place.write(chunk)
  } catch (error) {
    if (!(error instanceof ExpectedError) || endsRun(error)) throw error
    await place.restart()
    return false
  }
  return isComplete(place)
}

async function isComplete(place: BlobSlot): Promise<boolean> {
  try {
    await place.end()
    return true
  } catch (error) {
    if (!isMismatch(error)) throw error
    await place.restart()
    return false
  }
}

/** Asks the repositories of all images that have the blob, until one gives it. */
async function download(
  blob: Descriptor,
  place: BlobSlot,
  repositories: readonly Reference[],
  source: BlobSource,
): Promise<void> {
  let failure: unknown
  for (const repository of repositories) {
    for (let tries = 1; tries <= TRIES; tries++) {
      try {
        await source.readBlob(repository, blob, place)
        return await place.end()
      } catch (error) {
        failure = error
        if (!isMismatch(error)) break
        await place.restart()
      }
    }
    if (!(failure instanceof ExpectedError) || endsRun(failure)) throw failure
  }
  throw failure
}

function isMismatch(error: unknown): boolean {
  return error instanceof ExpectedError && error.code === 'CONTENT_MISMATCH'
}

/** The same place, with every change of its size reported. */
function watched(place: BlobSlot, onBytes: (count: number) => void): BlobSlot {
  return {
    get received() {
      return place.received
    },
    write(chunk) {
      onBytes(chunk.length)
      return place.write(chunk)
    },
    async recover() {
      const count = await place.recover()
      onBytes(count)
      return count
    },
    async restart() {
      onBytes(-place.received)
      await place.restart()
    },
    end: () => place.end(),
    ...(place.hashSoFar && { hashSoFar: () => place.hashSoFar!() }),
  }
}

/** For each blob, the repositories of the images that have it. */
function repositoriesOf({ images }: Lock): Map<Digest, Reference[]> {
  const found = new Map<Digest, Reference[]>()
  for (const image of images) {
    const reference = parseReference(image.reference)
    for (const { digest } of [...blobsOf(image), ...attachedBlobsOf(image)]) {
      const known = found.get(digest) ?? []
      const isNew = known.every((other) => repositoryName(other) !== repositoryName(reference))
      if (isNew) found.set(digest, [...known, reference])
    }
  }
  return found
}
