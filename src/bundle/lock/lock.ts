import pLimit from 'p-limit'
import { ExpectedError, endsRun } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { distinctPlatforms, formatPlatform, type Platform, samePlatform, variantsFor } from '../../oci/platform.ts'
import { formatReference, type Reference, repositoryName } from '../../oci/reference.ts'
import type { ImageFailure } from '../failure.ts'
import type { WaitingImage } from '../format/fields/waiting-image.ts'
import { blobsOf, isArtifact, type Lock, type LockedImage } from '../format/lock.ts'
import { type AttachmentSource, findAttachments } from './attachments.ts'
import { assertCarriable } from './carriable.ts'
import { Documents, type ImageSource } from './documents/documents.ts'
import { openIndex } from './documents/open-index.ts'
import { takeFromIndex, takeManifest } from './documents/platform-choice.ts'
import { unusableNotes } from './documents/usable.ts'
import { jointEdition } from './edition.ts'
import { type IsKnown, type ManifestNeeds, needsOfTargets } from './manifest-needs.ts'

export interface LockResult {
  readonly lock: Lock
  readonly failures: readonly ImageFailure[]
  /** What is attached to images and was not to be had; what nobody can tell of a platform. */
  readonly leftOut: readonly Finding[]
  /** Every manifest, index and config that was read on the way, by digest. */
  readonly documents: ReadonlyMap<Digest, Uint8Array>
}

export interface LockOptions {
  /** How many images are looked up at the same time. */
  readonly concurrency?: number
  /** Where what is attached to images is looked up; without it that is left behind. */
  readonly attachments?: AttachmentSource | undefined
  /** Whether the attestations that BuildKit puts into an index are kept. */
  readonly attestations?: boolean
  /** Documents that need not be asked for. */
  readonly isKnown?: IsKnown
  /** Hears, before the first one is asked for, how many manifests the registries have to give. */
  readonly onResolved?: (needs: ManifestNeeds) => void | Promise<void>
  readonly onLocked?: (image: LockedImage) => void
}

/**
 * Fixes references to digests for platforms. Goes past images that fail: they are in `failures`. Of each image it takes
 * what there is for these platforms, and something must be; what is lacking, `lackingPlatforms` tells.
 */
export async function lockImages(
  references: readonly Reference[],
  wanted: readonly Platform[],
  source: ImageSource,
  {
    concurrency = 8,
    attachments,
    attestations: keepAttestations = false,
    isKnown = () => false,
    onResolved,
    onLocked,
  }: LockOptions = {},
): Promise<LockResult> {
  // As many nodes have it, a platform is named; an image is locked for it once.
  const platforms = distinctPlatforms(wanted)
  const documents = new Documents(source)
  const failures: ImageFailure[] = []
  const leftOut: Finding[] = []
  const limit = pLimit(concurrency)
  const orFailure = async <T>(reference: Reference, look: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await look()
    } catch (error) {
      if (!(error instanceof ExpectedError) || endsRun(error)) throw error
      failures.push({ reference: formatReference(reference), error })
      return undefined
    }
  }
  const distinct = new Map(references.map((reference) => [formatReference(reference), reference])).values()
  const asked = await limit.map(distinct, (reference) =>
    orFailure(reference, async () => ({ reference, target: await source.resolve(reference) })),
  )
  const resolved = asked.filter((image) => image !== undefined)
  await onResolved?.(needsOfTargets(resolved, platforms.length, isKnown))
  const found = await limit.map(resolved, ({ reference, target }) =>
    orFailure(reference, async () => {
      const found = await upToDate(reference, target, source, documents)
      const { image, attestations, notes } = await lockImage(reference, platforms, found, documents)
      assertCarriable(image.reference, blobsOf(image))
      leftOut.push(...notes)
      const kept = keepAttestations ? attestations : []
      const options = { attestations: kept, source: attachments, documents }
      const { attachments: attached, leftOut: lost } = await findAttachments(reference, image, options)
      leftOut.push(...lost.map((error) => attachmentLeftOut(reference, error)))
      onLocked?.(image)
      return attached.length > 0 ? { ...image, attachments: attached } : image
    }),
  )
  const images = found.filter((image) => image !== undefined).sort((a, b) => (a.reference < b.reference ? -1 : 1))
  failures.sort((a, b) => (a.reference < b.reference ? -1 : 1))
  return { lock: { version: 1, images: withoutTagConflicts(images) }, failures, leftOut, documents: documents.read }
}

function attachmentLeftOut(reference: Reference, { message }: ExpectedError): Finding {
  const text = formatReference(reference)
  return finding('ATTACHMENT_LEFT_OUT', `${text}: what is attached to it is left out: ${message}`, { subject: text })
}

/**
 * One lock of several, each reference and each tag once: the first lock that has it decides.
 * With platforms, only those are kept.
 *
 * @throws {ExpectedError} PLATFORM_UNAVAILABLE when an image was locked for none of them.
 */
export function joinLocks(locks: readonly Lock[], platforms?: readonly Platform[]): Lock {
  const byReference = new Map<string, LockedImage>()
  for (const image of locks.flatMap(({ images }) => images)) {
    if (!byReference.has(image.reference)) byReference.set(image.reference, platforms ? only(image, platforms) : image)
  }
  const images = withoutTagConflicts([...byReference.values()]).sort((a, b) => (a.reference < b.reference ? -1 : 1))
  const edition = jointEdition(locks)
  const missing = locks.flatMap((lock) => lock.missing ?? []).filter(({ reference }) => !byReference.has(reference))
  const distinct = [...new Map(missing.map((one) => [one.reference, one])).values()]
  const isTaken = (one: WaitingImage) => byReference.get(one.reference)?.target.digest === one.digest
  const waiting = locks.flatMap((lock) => lock.waiting ?? []).filter((one) => !isTaken(one))
  return {
    ...{ version: 1, ...(edition && { edition }), images },
    ...(distinct.length > 0 && { missing: distinct }),
    ...(waiting.length > 0 && { waiting: [...new Map(waiting.map((one) => [one.reference, one])).values()] }),
  }
}

function only(image: LockedImage, wanted: readonly Platform[]): LockedImage {
  const platforms = image.platforms.filter(({ platform }) =>
    wanted.some((other) => variantsFor(other).some((variant) => samePlatform(variant, platform))),
  )
  if (platforms.length > 0 || isArtifact(image)) return { ...image, platforms }
  const locked = image.platforms.map(({ platform }) => formatPlatform(platform)).join(', ')
  throw new ExpectedError(
    'PLATFORM_UNAVAILABLE',
    `${image.reference} is locked for ${locked}, not for ${wanted.map(formatPlatform).join(', ')}`,
    { hint: 'Lock it again for these platforms.' },
  )
}

/** What a tag stands for by its document, where the digest that a registry gave for it is of none that it has. */
async function upToDate(
  reference: Reference,
  target: Descriptor,
  source: ImageSource,
  documents: Documents,
): Promise<Descriptor> {
  try {
    await documents.get(reference, target)
    return target
  } catch (error) {
    const isGone = error instanceof ExpectedError && error.code === 'MANIFEST_UNKNOWN'
    if (!isGone || reference.digest !== undefined) throw error
    const now = await source.resolve(reference, { isWhole: true })
    if (now.digest === target.digest) throw error
    return now
  }
}

async function lockImage(
  reference: Reference,
  platforms: readonly Platform[],
  resolved: Descriptor,
  documents: Documents,
): Promise<{ image: LockedImage; attestations: readonly Descriptor[]; notes: readonly Finding[] }> {
  const text = formatReference(reference)
  // The bytes decide: what a registry says of them in a header may be wrong.
  const { kind } = await documents.parse(reference, resolved)
  const target = await documents.describe(reference, resolved)
  const common = { reference: text, names: namesOf(reference, target.digest), target }
  if (kind === 'manifest') {
    const { notes, ...taken } = await takeManifest(reference, target, platforms, documents)
    const unusable = notes.length > 0 ? [] : await unusableNotes(reference, taken.platforms, documents)
    return { image: { ...common, ...taken }, attestations: [], notes: [...notes, ...unusable] }
  }
  const opened = await openIndex(reference, target, documents)
  const { indexes, attestations } = opened
  const { notes: found, ...taken } = await takeFromIndex(reference, opened, platforms, documents)
  const notes = [...found, ...(await unusableNotes(reference, taken.platforms, documents))]
  return { image: { ...common, ...(indexes.length > 0 && { indexes }), ...taken }, attestations, notes }
}

/** `repo:tag` where there is a tag, and `repo@digest`. */
function namesOf(reference: Reference, digest: Digest): string[] {
  const name = repositoryName(reference)
  const tag = reference.tag ?? (reference.digest ? undefined : 'latest')
  return [...(tag ? [`${name}:${tag}`] : []), `${name}@${digest}`].sort()
}

/** One tag cannot name two images: a reference that also has a digest gives the tag up to the one that has none. */
function withoutTagConflicts(images: readonly LockedImage[]): LockedImage[] {
  const owners = new Map<string, Digest>()
  const hasDigest = ({ reference }: LockedImage) => reference.includes('@')
  for (const image of [...images.filter((image) => !hasDigest(image)), ...images.filter(hasDigest)]) {
    for (const name of image.names) if (!owners.has(name)) owners.set(name, image.target.digest)
  }
  return images.map((image) => ({
    ...image,
    names: image.names.filter((name) => owners.get(name) === image.target.digest),
  }))
}
