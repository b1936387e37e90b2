import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
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

/** What an index lists and the bundle leaves out. */
export async function missingChildren(
  { reference, target }: LockedImage,
  source: Pick<Content, 'readDocument'> & { readonly blobs: { has(digest: Digest): boolean } },
): Promise<Descriptor[]> {
  if (!isIndexType(target.mediaType)) return []
  const document = parseManifest(await source.readDocument(target.digest), target.mediaType, reference)
  return childrenOf(document).filter(({ digest }) => !source.blobs.has(digest))
}

/** The index without what the bundle leaves out. Everything else stays as it was. */
export async function reducedIndex({ target }: LockedImage, source: Content): Promise<Uint8Array> {
  const index = parseJson(await source.readDocument(target.digest)) as { readonly manifests: readonly Descriptor[] }
  const manifests = index.manifests.filter(({ digest }) => source.blobs.has(digest))
  return new TextEncoder().encode(JSON.stringify({ ...index, manifests }))
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
