import { verifyBundle } from '../../bundle/check/verify.ts'
import { ImagesFailedError } from '../../bundle/failure.ts'
import { type BlobSource, fillBundle } from '../../bundle/fill/fill.ts'
import { type BundlePlan, indexOf } from '../../bundle/format/plan.ts'
import { checkOutputPlace, outputExists } from '../../disk/output-place.ts'
import { onEarlyEnd } from '../../early-end.ts'
import { ExpectedError } from '../../errors.ts'
import { type BundleFile, openBundle } from '../../layout/bundle-file.ts'
import { BundleWriter } from '../../layout/bundle-writer.ts'
import { wholeName } from '../../layout/files/part-name.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Digest } from '../../oci/digest.ts'
import { formatShare } from '../../oci/format-bytes.ts'
import { sayKept } from '../output/ending.ts'
import { createProgress } from '../output/progress.ts'
import { type Signer, signatureBeside } from './sign-bundle.ts'

interface BundleSources {
  readonly source: BlobSource
  readonly documents?: ReadonlyMap<Digest, Uint8Array>
  readonly reuse: readonly Content[]
  /** Bytes of each part; one file when it is not given. */
  readonly partSize?: number | undefined
  /** Ends the run, with its reason as the error. */
  readonly signal?: AbortSignal | undefined
  /** Nobody goes on with it. */
  readonly isTemporary?: boolean
  /** What stands beside the bundle goes before it gets its name, and comes after. */
  readonly beside?: { readonly before: () => Promise<void>; readonly after: () => Promise<void> }
}

/**
 * Makes a planned bundle, and shows how far it is. Gives the bytes that were downloaded.
 *
 * @throws {ExpectedError} IMAGES_FAILED, DISK_FULL, DISK_ERROR, TIMED_OUT; what arrived stays for the next run.
 */
export async function writeBundle(
  output: string,
  plan: BundlePlan,
  { source, documents, reuse, partSize, signal, beside, isTemporary = false }: BundleSources,
): Promise<number> {
  const { lock } = plan.table
  const writer = await BundleWriter.create(output, plan, { partSize })
  const progress = createProgress()
  await progress.start(output, plan.size)
  const endEarly = () => {
    progress.stop()
    if (writer.arrived === 0 || isTemporary) return
    const share = formatShare(writer.arrived, plan.size)
    sayKept(`kept ${writer.partial} (${share}); the same command goes on`)
  }
  const forget = onEarlyEnd(endEarly)
  try {
    const { failures, errors, downloaded } = await fillBundle({ lock, files: plan.files }, source, writer, {
      ...(documents && { documents }),
      reuse: writer.leftover ? [writer.leftover, ...reuse] : reuse,
      onBytes: (count) => {
        // Also where nothing comes over the network.
        signal?.throwIfAborted()
        progress.add(count)
      },
    })
    if (failures.length > 0) throw new ImagesFailedError(failures, lock.images.length, undefined, { blobs: errors })
    await writer.commit(beside)
    return downloaded
  } catch (error) {
    await writer.leave()
    endEarly()
    throw error
  } finally {
    forget()
    progress.stop()
  }
}

/** What a command that makes a bundle was told of the file. */
export interface OutputFlags {
  readonly output: string
  readonly force: boolean
  readonly split?: number | undefined
}

/** Where blobs come from, and who signs. */
export type SignedSources = Omit<BundleSources, 'partSize' | 'beside'> & { readonly signer: Signer | undefined }

export interface MadeBundle {
  readonly plan: BundlePlan
  /** Bytes that came over the network; nothing where the bundle was there. */
  readonly downloaded: number | undefined
  /** The file with the signature. */
  readonly signature: string | undefined
}

/** As {@link makeBundle}, with the plan. */
export async function makePlanned(
  plan: BundlePlan,
  existing: BundleFile | undefined,
  flags: OutputFlags,
  sources: SignedSources,
): Promise<MadeBundle> {
  return { plan, ...(await makeBundle(plan, existing, flags, sources)) }
}

/**
 * Makes a planned bundle and its signature, or finds that both are there: every byte of it is hashed then. Whatever ends
 * a run in between, what lies there is a bundle with its signature, or one that has none.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS unless it may be replaced; IMAGES_FAILED, DISK_FULL, DISK_ERROR, TIMED_OUT
 */
export async function makeBundle(
  plan: BundlePlan,
  existing: BundleFile | undefined,
  { output, force, split }: OutputFlags,
  { signer, ...sources }: SignedSources,
): Promise<Omit<MadeBundle, 'plan'>> {
  const difference = existing && (await differenceFrom(existing, plan, split))
  if (difference !== undefined && !force) throw outputExists(output, difference)
  const fits = existing !== undefined && isSameIndex(existing, plan)
  const signature = await signatureBeside(output, indexOf(plan), { signer, replace: force, fits })
  if (existing && difference === undefined) return { downloaded: undefined, signature: await signature.write() }
  let file: string | undefined
  const after = async () => {
    file = await signature.write()
  }
  const beside = { before: () => signature.withdraw(), after }
  const downloaded = await writeBundle(output, plan, { ...sources, partSize: split, beside })
  return { downloaded, signature: file }
}

/**
 * The bundle that is there already; undefined when nothing is.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS; INPUT_NOT_FOUND when there is no such directory; USAGE for the name of a part.
 */
export async function openExisting({ output, force }: OutputFlags): Promise<BundleFile | undefined> {
  if (wholeName(output) !== output) {
    throw new ExpectedError('USAGE', `${output}: has the name of a part, which every reader would take it for`, {
      hint: `Name the whole, ${wholeName(output)}; --split SIZE writes it in parts.`,
    })
  }
  // A bundle that is there may be the one that is wanted.
  await checkOutputPlace(output, { replace: true, isInPlace: true })
  await BundleWriter.tidy(output)
  try {
    return await openBundle(output)
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    if (error.code !== 'INPUT_NOT_FOUND' && !force) throw outputExists(output)
    return undefined
  }
}

/** Why a bundle that is there is not the one that is wanted, and what to do; undefined when it is, in every byte. */
async function differenceFrom(
  existing: BundleFile,
  plan: BundlePlan,
  split: number | undefined,
): Promise<string | undefined> {
  const whatToDo = 'Write to another file, or add --force to replace this one.'
  if (!isSameIndex(existing, plan)) return `It is another bundle. ${whatToDo}`
  if (!existing.isInPartsOf(split)) return `It is this bundle, but not in such parts. ${whatToDo}`
  const progress = createProgress()
  await progress.start(`verify ${existing.path}`, existing.size)
  try {
    const problems = await verifyBundle(existing, (count) => progress.add(count))
    return problems.length > 0 ? 'It is damaged, as nodeseed verify tells. Add --force to make it again.' : undefined
  } finally {
    progress.stop()
  }
}

/** index.json stands for every byte of a bundle. */
export function isSameIndex(existing: BundleFile, plan: BundlePlan): boolean {
  return existing.size === plan.size && Buffer.compare(existing.index, indexOf(plan)) === 0
}

/** No source: all that is needed is in what is reused. */
export const NOWHERE: BlobSource = {
  async readBlob(_repository, { digest }) {
    throw new ExpectedError('BLOB_UNKNOWN', `blob ${digest} is in none of the bundles, or damaged there`, {
      hint: 'Give the base of every delta too, and check the bundles with: nodeseed verify FILE',
    })
  },
}
