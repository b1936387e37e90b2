import { type AttachedDocument, describeAttachment } from '../../bundle/attached/describe-attachment.ts'
import type { ImageSignature } from '../../bundle/format/fields/image-signature.ts'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { imagesOf } from '../../discovery/uses/used-images.ts'
import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import { formatPlatform } from '../../oci/platform.ts'

/** A place in an input that names an image. */
export interface NamingPlace {
  readonly file: string
  readonly line: number
}

/** By image in CRI form, the places of inputs that name it. @throws {ExpectedError} as scanning inputs does */
export async function placesOfImages(inputs: readonly string[]): Promise<ReadonlyMap<string, readonly NamingPlace[]>> {
  if (inputs.length === 0) return new Map()
  // Few ask for it, and it is a large part of the program.
  const { atOrigins, scanInputs } = await import('../inputs/scan-inputs.ts')
  const { uses } = atOrigins(await scanInputs(inputs))
  const named = imagesOf(uses, ['Never', 'IfNotPresent', 'Always'])
  return new Map(
    named.map((image) => [image, uses.filter((use) => use.image === image).map(({ file, line }) => ({ file, line }))]),
  )
}

/** What is attached to an image and is here: of a delta, a part may be left to what its receiver has. */
export async function attachedTo(image: LockedImage, content: Content): Promise<AttachedDocument[]> {
  const found: AttachedDocument[] = []
  for (const attachment of image.attachments ?? []) {
    if (!content.blobs.has(attachment.target.digest)) continue
    try {
      found.push(...describeAttachment(attachment, await content.readDocument(attachment.target.digest)))
    } catch (error) {
      // What nobody can read is carried all the same, and described by nobody.
      if (!(error instanceof ExpectedError) || error.code === 'CONTENT_MISMATCH') throw error
    }
  }
  return found
}

/** `key sha256:…`, or `SUBJECT (ISSUER)`; the name it was made for where that is another one. */
export function signerText({ by, signedAs }: ImageSignature): string {
  const signer = 'key' in by ? `key ${by.key}` : `${by.subject} (${by.issuer})`
  return signedAs === undefined ? signer : `${signer} as ${signedAs}`
}

/** An image for programs. */
export function imageJson(
  { reference, names, target, platforms, artifacts, signatures, firstSeen }: LockedImage,
  { attached, places }: { attached: readonly AttachedDocument[]; places: readonly NamingPlace[] | undefined },
) {
  return {
    ...{ reference, names, digest: target.digest, mediaType: target.mediaType },
    platforms: platforms.map(({ platform, manifest, config, layers }) => ({
      platform: formatPlatform(platform),
      digest: manifest.digest,
      bytes: [manifest, config, ...layers].reduce((sum, { size }) => sum + size, 0),
    })),
    ...(artifacts && {
      artifacts: artifacts.map(({ artifactType, manifest, blobs }) => ({
        ...{ artifactType, digest: manifest.digest },
        bytes: [manifest, ...blobs].reduce((sum, { size }) => sum + size, 0),
      })),
    }),
    ...(signatures && { signatures }),
    ...(firstSeen && { firstSeen }),
    ...(attached.length > 0 && { attached: attached.map(attachedJson) }),
    ...(places && { namedAt: places }),
  }
}

export function attachedJson({ kind, type, blob, manifest, subject }: AttachedDocument) {
  return { kind, type, digest: blob.digest, bytes: blob.size, manifest, subject }
}
