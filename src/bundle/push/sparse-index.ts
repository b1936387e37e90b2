import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf } from '../../oci/digest.ts'
import { parseJson } from '../../oci/json.ts'
import { childrenOf, isAttestation, parseManifest } from '../../oci/manifest.ts'
import { isIndexType } from '../../oci/media-type.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { countOf, listNames } from '../../plural.ts'
import { ImagesFailedError } from '../failure.ts'
import type { LockedImage } from '../format/lock.ts'

/** An image whose index lists what is not there. */
export interface SparseImage {
  readonly image: LockedImage
  readonly missing: readonly Descriptor[]
}

/** The images whose index lists what a content, or what is about to be one, leaves out. */
export async function sparseImages(
  images: readonly LockedImage[],
  source: Pick<Content, 'readDocument'> & { readonly blobs: { has(digest: Digest): boolean } },
): Promise<SparseImage[]> {
  const found: SparseImage[] = []
  for (const image of images) {
    const missing = await missingChildren(image, source)
    if (missing.length > 0) found.push({ image, missing })
  }
  return found
}

/** One line for people, before anything is sent; undefined where no index is sparse. */
export function describeSparse(sparse: readonly SparseImage[]): string | undefined {
  const [first] = sparse
  if (!first) return undefined
  const names = [...new Set(sparse.flatMap(({ missing }) => missing.map(nameOf)))]
  return `${countOf(sparse.length, 'image')} ${sparse.length === 1 ? 'keeps' : 'keep'} an index that also lists what is left out (${listNames(names)}): a registry that checks indexes refuses it, see push --sparse-index`
}

/** Before a byte is sent. @throws {ImagesFailedError} naming each image whose index lists what is not there */
export async function refuseSparse(images: readonly LockedImage[], source: Content): Promise<void> {
  const sparse = await sparseImages(images, source)
  const failures = sparse.map(({ image, missing }) => ({
    reference: image.reference,
    error: sparseError(image, missing),
  }))
  if (failures.length > 0)
    throw new ImagesFailedError(
      failures,
      images.length,
      `${failures.length === 1 ? 'has' : 'have'} a sparse index; nothing was sent`,
    )
}

/** What an index, and the indexes in it, list and the bundle leaves out, each once. */
export async function missingChildren(
  { reference, target }: LockedImage,
  source: Pick<Content, 'readDocument'> & { readonly blobs: { has(digest: Digest): boolean } },
): Promise<Descriptor[]> {
  const missing = new Map<Digest, Descriptor>()
  const seen = new Set<Digest>()
  for (let level = [target]; level.length > 0; ) {
    const below: Descriptor[] = []
    for (const { digest, mediaType } of level.filter((one) => isIndexType(one.mediaType) && !seen.has(one.digest))) {
      seen.add(digest)
      below.push(...childrenOf(parseManifest(await source.readDocument(digest), mediaType, reference)))
    }
    level = below.filter(({ digest }) => source.blobs.has(digest))
    for (const child of below) if (!source.blobs.has(child.digest)) missing.set(child.digest, child)
  }
  return [...missing.values()]
}

/** An index that was made of another. */
export interface ReducedIndex {
  readonly digest: Digest
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/**
 * The index and the indexes in it without what the bundle leaves out, those that are listed before those that list them, the
 * index of the image last. Everything else stays as it was.
 */
export async function reducedIndexes({ target }: LockedImage, source: Content): Promise<ReducedIndex[]> {
  const made = new Map<Digest, ReducedIndex>()
  const reduce = async ({ digest, mediaType }: Descriptor): Promise<ReducedIndex> => {
    const known = made.get(digest)
    if (known) return known
    const whole = await source.readDocument(digest)
    const index = parseJson(whole) as { readonly manifests: readonly Descriptor[] }
    const manifests: Descriptor[] = []
    for (const child of index.manifests.filter((one) => source.blobs.has(one.digest))) {
      const smaller = isIndexType(child.mediaType) ? await reduce(child) : child
      const isSame = smaller.digest === child.digest
      manifests.push(isSame ? child : { ...child, digest: smaller.digest, size: made.get(child.digest)!.bytes.length })
    }
    const isWhole =
      manifests.length === index.manifests.length && manifests.every((child, at) => child === index.manifests[at])
    const bytes = isWhole ? whole : new TextEncoder().encode(JSON.stringify({ ...index, manifests }))
    const reduced = { digest: digestOf(bytes), mediaType, bytes }
    made.set(digest, reduced)
    return reduced
  }
  await reduce(target)
  return [...made.values()]
}

/** What is missing where a registry wants it: attestations, which bundle leaves out unless asked, or platforms. */
function whatToBundle(missing: readonly Descriptor[]): string {
  const others = missing.filter((descriptor) => !isAttestation(descriptor))
  const attestations = missing.length > others.length ? 'the attestations (--attestations)' : ''
  return [others.length > 0 ? 'these platforms' : '', attestations].filter(Boolean).join(' and ')
}

export function refusedIndex(
  { reference }: LockedImage,
  missing: readonly Descriptor[],
  cause: ExpectedError,
): ExpectedError {
  return new ExpectedError(
    'UNSUPPORTED',
    `${reference}: the registry refuses its index, which lists what the bundle leaves out (${namesOf(missing)}): ${cause.message}`,
    {
      hint: `Bundle ${whatToBundle(missing)} too, or push with --sparse-index reduce: the tag then has a smaller index, with another digest, so pods that name the old digest cannot pull it from there.`,
      cause,
    },
  )
}

/** Something of what the index lists, and the bundle leaves out, could not be had where the image is from. */
export function unfilledIndex({ image: { reference }, missing }: SparseImage, cause: ExpectedError): ExpectedError {
  const message = `${reference}: its index cannot be filled (${namesOf(missing)}): ${cause.message}`
  return new ExpectedError(cause.code, message, {
    hint: `Bundle ${whatToBundle(missing)} too, or push with --sparse-index reduce or original.`,
    cause,
  })
}

/** What is asked for where a sparse index may not even be tried. */
function sparseError({ reference }: LockedImage, missing: readonly Descriptor[]): ExpectedError {
  const message = `${reference}: its index lists what the bundle leaves out (${namesOf(missing)})`
  return new ExpectedError('UNSUPPORTED', message, {
    hint: `Bundle ${whatToBundle(missing)} too, or push with --sparse-index reduce or original.`,
  })
}

function namesOf(missing: readonly Descriptor[]): string {
  return missing.map(nameOf).join(', ')
}

function nameOf(descriptor: Descriptor): string {
  if (isAttestation(descriptor)) return 'attestations'
  const { platform, digest } = descriptor
  return platform ? formatPlatform(platform) : digest
}
