import { ImagesFailedError } from '../../bundle/failure.ts'
import { type BlobSource, fillBundle } from '../../bundle/fill/fill.ts'
import { type BundlePlan, indexOf } from '../../bundle/format/plan.ts'
import type { RequiredBlob } from '../../bundle/format/table.ts'
import { checkOutputPlace, outputExists } from '../../disk/output-place.ts'
import { onEarlyEnd } from '../../early-end.ts'
import { ExpectedError } from '../../errors.ts'
import { type BundleFile, openBundle } from '../../layout/bundle-file.ts'
import { BundleWriter } from '../../layout/bundle-writer.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Digest } from '../../oci/digest.ts'
import { formatBytes, formatShare } from '../../oci/format-bytes.ts'
import { countOf } from '../../plural.ts'
import { createProgress } from '../output/progress.ts'

interface BundleSources {
  readonly source: BlobSource
  readonly documents?: ReadonlyMap<Digest, Uint8Array>
  readonly reuse: readonly Content[]
  /** Bytes of each part; one file when it is not given. */
  readonly partSize?: number | undefined
  /** Ends the run, with its reason as the error. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes a planned bundle, and shows how far it is. Gives the bytes that were downloaded.
 *
 * @throws {ExpectedError} IMAGES_FAILED, DISK_FULL, DISK_ERROR, TIMED_OUT; what arrived stays for the next run.
 */
export async function writeBundle(
  output: string,
  plan: BundlePlan,
  { source, documents, reuse, partSize, signal }: BundleSources,
): Promise<number> {
  const { lock } = plan.table
  const writer = await BundleWriter.create(output, plan, { partSize })
  const progress = createProgress()
  await progress.start(output, plan.size)
  const sayKept = () => {
    progress.stop()
    if (writer.arrived === 0) return
    const share = formatShare(writer.arrived, plan.size)
    process.stderr.write(`kept ${writer.partial} (${share}); the same command goes on\n`)
  }
  const forget = onEarlyEnd(sayKept)
  try {
    const { failures, downloaded } = await fillBundle({ lock, files: plan.files }, source, writer, {
      ...(documents && { documents }),
      reuse: writer.leftover ? [writer.leftover, ...reuse] : reuse,
      onBytes: (count) => {
        // Also where nothing comes over the network.
        signal?.throwIfAborted()
        progress.add(count)
      },
    })
    if (failures.length > 0) throw new ImagesFailedError(failures, lock.images.length)
    await writer.commit()
    return downloaded
  } catch (error) {
    await writer.leave()
    sayKept()
    throw error
  } finally {
    forget()
    progress.stop()
  }
}

/**
 * The bundle that is there already; undefined when nothing is.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS; INPUT_NOT_FOUND when there is no such directory.
 */
export async function openExisting(path: string, { force }: { force: boolean }): Promise<BundleFile | undefined> {
  // A bundle that is there may be the one that is wanted.
  await checkOutputPlace(path, { replace: true, isInPlace: true })
  try {
    return await openBundle(path)
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    if (error.code !== 'INPUT_NOT_FOUND' && !force) throw outputExists(path)
    return undefined
  }
}

/** Whether a bundle is the planned one, as far as its table tells. */
export function isSame(existing: BundleFile, plan: BundlePlan): boolean {
  return existing.size === plan.size && Buffer.compare(existing.index, indexOf(plan)) === 0
}

/** `12 blobs with 1.2 GB`. */
export function describeRequired(required: readonly RequiredBlob[]): string {
  return `${countOf(required.length, 'blob')} with ${formatBytes(required.reduce((sum, { size }) => sum + size, 0))}`
}

/** No source: all that is needed is in what is reused. */
export const NOWHERE: BlobSource = {
  async readBlob(_repository, { digest }) {
    throw new ExpectedError('BLOB_UNKNOWN', `blob ${digest} is in none of the bundles, or damaged there`, {
      hint: 'Give the base of every delta too, and check the bundles with: nodeseed verify FILE',
    })
  },
}
