import pLimit from 'p-limit'
import { ExpectedError } from '../errors.ts'
import type { Lock, LockedImage, LockedPlatform } from '../inventory.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { parseJson } from '../oci/json.ts'
import { type Index, isAttestation, type Manifest } from '../oci/manifest.ts'
import { isImageConfigType, isIndexType } from '../oci/media-type.ts'
import { formatPlatform, normalizePlatform, type Platform, samePlatform } from '../oci/platform.ts'
import { formatReference, type Reference, repositoryName } from '../oci/reference.ts'
import { type AttachmentSource, findAttachments } from './attachments.ts'
import { Documents, type ImageSource } from './documents.ts'
import type { ImageFailure } from './failure.ts'

export interface LockResult {
  readonly lock: Lock
  readonly failures: readonly ImageFailure[]
  /** Every manifest, index and config that was read on the way, by digest. */
  readonly documents: ReadonlyMap<Digest, Uint8Array>
}

export interface LockOptions {
  /** How many images are looked up at the same time. */
  readonly concurrency?: number
  /** Where signatures, SBOMs and attestations are looked up; without it they are left behind. */
  readonly attachments?: AttachmentSource | undefined
  readonly onLocked?: (image: LockedImage) => void
}

/** Deeper than any index of indexes that was ever seen. */
const MAX_NESTING = 4

/**
 * Fixes references to digests for platforms. Goes past images that fail: they are in `failures`.
 * Every platform must be there in an image that has several; an image for one platform only needs one of them.
 */
export async function lockImages(
  references: readonly Reference[],
  platforms: readonly Platform[],
  source: ImageSource,
  { concurrency = 8, attachments, onLocked }: LockOptions = {},
): Promise<LockResult> {
  const documents = new Documents(source)
  const failures: ImageFailure[] = []
  const distinct = new Map(references.map((reference) => [formatReference(reference), reference]))
  const found = await pLimit(concurrency).map(distinct, async ([text, reference]) => {
    try {
      const target = await source.resolve(reference)
      const { image, attestations } = await lockImage(reference, platforms, target, documents)
      const attached = attachments
        ? await findAttachments(reference, image, { attestations, source: attachments, documents })
        : []
      onLocked?.(image)
      if (attached.length > 0) return { ...image, attachments: attached }
      return image
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      failures.push({ reference: text, error })
      return undefined
    }
  })
  const images = found.filter((image) => image !== undefined).sort((a, b) => (a.reference < b.reference ? -1 : 1))
  failures.sort((a, b) => (a.reference < b.reference ? -1 : 1))
  return { lock: { version: 1, images: withoutTagConflicts(images) }, failures, documents: documents.read }
}

/**
 * One lock of several, each reference once: the first lock that has it decides.
 * With platforms, only those are kept.
 *
 * @throws {ExpectedError} PLATFORM_UNAVAILABLE when an image was locked for none of them.
 */
export function joinLocks(locks: readonly Lock[], platforms?: readonly Platform[]): Lock {
  const byReference = new Map<string, LockedImage>()
  for (const image of locks.flatMap(({ images }) => images)) {
    if (!byReference.has(image.reference)) byReference.set(image.reference, platforms ? only(image, platforms) : image)
  }
  const images = [...byReference.values()].sort((a, b) => (a.reference < b.reference ? -1 : 1))
  return { version: 1, images: withoutTagConflicts(images) }
}

function only(image: LockedImage, wanted: readonly Platform[]): LockedImage {
  const platforms = image.platforms.filter(({ platform }) => wanted.some((other) => samePlatform(other, platform)))
  if (platforms.length > 0) return { ...image, platforms }
  const locked = image.platforms.map(({ platform }) => formatPlatform(platform)).join(', ')
  throw new ExpectedError(
    'PLATFORM_UNAVAILABLE',
    `${image.reference} is locked for ${locked}, not for ${wanted.map(formatPlatform).join(', ')}`,
    { hint: 'Lock it again for these platforms.' },
  )
}

async function lockImage(
  reference: Reference,
  platforms: readonly Platform[],
  target: Descriptor,
  documents: Documents,
): Promise<{ image: LockedImage; attestations: readonly Descriptor[] }> {
  const text = formatReference(reference)
  const { candidates, indexes, attestations } = isIndexType(target.mediaType)
    ? await openIndex(reference, target, documents)
    : { candidates: [{ descriptor: target, platform: undefined }], indexes: [], attestations: [] }
  const known = await Promise.all(
    candidates.map(async ({ descriptor, platform }) => ({
      descriptor,
      platform: platform ?? (await platformOf(reference, descriptor, documents)),
    })),
  )
  const chosen = choose(text, platforms, known, isIndexType(target.mediaType))
  const image = {
    reference: text,
    names: namesOf(reference, target.digest),
    target,
    ...(indexes.length > 0 && { indexes }),
    platforms: await Promise.all(chosen.map((choice) => lockPlatform(reference, choice, documents))),
  }
  return { image, attestations }
}

/** `repo:tag` where there is a tag, and `repo@digest`. */
function namesOf(reference: Reference, digest: Digest): string[] {
  const name = repositoryName(reference)
  const tag = reference.tag ?? (reference.digest ? undefined : 'latest')
  return [...(tag ? [`${name}:${tag}`] : []), `${name}@${digest}`].sort()
}

interface Candidate {
  readonly descriptor: Descriptor
  readonly platform: Platform | undefined
}

/** The manifests that an index leads to, attestations apart, and the indexes on the way. */
async function openIndex(
  reference: Reference,
  descriptor: Descriptor,
  documents: Documents,
  depth = 0,
): Promise<{ candidates: Candidate[]; indexes: Descriptor[]; attestations: Descriptor[] }> {
  const what = `${formatReference(reference)}, index ${descriptor.digest}`
  if (depth === MAX_NESTING) throw new ExpectedError('UNSUPPORTED', `${what}: nested more than ${MAX_NESTING} deep`)
  const { manifests } = (await documents.parse(reference, descriptor)) as Index
  const candidates: Candidate[] = []
  const indexes: Descriptor[] = []
  const attestations: Descriptor[] = []
  for (const child of manifests) {
    if (isAttestation(child)) attestations.push(child)
    if (isAttestation(child) || child.platform?.os === 'unknown') continue
    if (isIndexType(child.mediaType)) {
      const nested = await openIndex(reference, child, documents, depth + 1)
      candidates.push(...nested.candidates)
      indexes.push(plain(child), ...nested.indexes)
      attestations.push(...nested.attestations)
    } else candidates.push({ descriptor: plain(child), platform: child.platform })
  }
  return { candidates, indexes, attestations }
}

interface Choice {
  readonly descriptor: Descriptor
  readonly platform: Platform
}

function choose(text: string, wanted: readonly Platform[], available: readonly Choice[], isIndex: boolean): Choice[] {
  const chosen = wanted.map((platform) => available.find((choice) => samePlatform(choice.platform, platform)))
  const missing = wanted.filter((_, index) => !chosen[index])
  const found = chosen.filter((choice) => choice !== undefined)
  if (missing.length === 0 || (!isIndex && found.length > 0)) return found
  const there = available.map(({ platform }) => formatPlatform(platform)).join(', ') || 'none'
  throw new ExpectedError(
    'PLATFORM_UNAVAILABLE',
    `${text} is not made for ${missing.map(formatPlatform).join(', ')}; it has ${there}`,
    { hint: 'Choose other platforms with --platform, or bundle this image by itself with those that it has.' },
  )
}

async function lockPlatform(
  reference: Reference,
  { descriptor, platform }: Choice,
  documents: Documents,
): Promise<LockedPlatform> {
  const document = await documents.parse(reference, descriptor)
  if (document.kind !== 'manifest') {
    throw new ExpectedError('CONTENT_MISMATCH', `${formatReference(reference)}: ${descriptor.digest} is no manifest`)
  }
  return { platform, manifest: plain(descriptor), config: document.config, layers: document.layers }
}

/** What a single manifest runs on: only its config says so. */
async function platformOf(reference: Reference, descriptor: Descriptor, documents: Documents): Promise<Platform> {
  const { config } = (await documents.parse(reference, descriptor)) as Manifest
  const text = formatReference(reference)
  if (!isImageConfigType(config.mediaType)) {
    throw new ExpectedError('UNSUPPORTED', `${text} is an artifact (${config.mediaType}), not an image`, {
      hint: 'Leave it out: no container can start from it.',
    })
  }
  const value = parseConfig(await documents.get(reference, config), `${text}, ${config.digest}`)
  const { os, architecture, variant } = (value ?? {}) as Record<string, unknown>
  if (typeof os !== 'string' || typeof architecture !== 'string') {
    throw new ExpectedError('CONTENT_MISMATCH', `${text}: its config ${config.digest} names no platform`)
  }
  return normalizePlatform({ os, architecture, ...(typeof variant === 'string' && { variant }) })
}

/** @throws {ExpectedError} CONTENT_MISMATCH */
function parseConfig(bytes: Uint8Array, where: string): unknown {
  try {
    return parseJson(bytes)
  } catch (cause) {
    throw new ExpectedError('CONTENT_MISMATCH', `${where}: not JSON`, { cause })
  }
}

/** Only what names the content: annotations of an index entry belong to the index. */
function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
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
