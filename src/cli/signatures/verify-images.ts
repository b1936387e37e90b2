import { documentProblems } from '../../bundle/check/locked-documents.ts'
import { isPlainFile } from '../../bundle/files/file-artifact.ts'
import type { Attachment, LockedImage } from '../../bundle/format/lock.ts'
import { type AttachmentSource, findAttachments, SIGNATURE_KINDS } from '../../bundle/lock/attachments.ts'
import { Documents, type ImageSource } from '../../bundle/lock/documents/documents.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseReference } from '../../oci/reference.ts'
import { countOf } from '../../plural.ts'
import type { CheckedImage } from '../../signatures/check/check-images.ts'
import { UnsignedError } from '../output/unsigned-error.ts'
import { readPolicyFiles } from './policy-files.ts'
import type { VerifyFlags } from './verify-flags.ts'

export interface SignatureSources {
  /** Where manifests and small blobs are read. */
  readonly source: ImageSource
  /** Those that were read before. */
  readonly known: ReadonlyMap<Digest, Uint8Array>
  /** Where signatures are looked up; nowhere but in `held` without it. */
  readonly lookUp: AttachmentSource | undefined
  /** What bundles on this machine have attached to a manifest. */
  readonly held: readonly Attachment[]
  readonly note: (text: string) => void
}

export interface VerifiedImages {
  /** The same images, with who signed them and with their signatures. */
  readonly images: readonly LockedImage[]
  /** What policies let pass with a warning. */
  readonly leftOut: readonly Finding[]
  readonly documents: ReadonlyMap<Digest, Uint8Array>
}

/**
 * Checks images against policies by their signatures; plain files, which no policy names, are taken and said. The check is loaded when it is asked for: most runs go without.
 *
 * @throws {ExpectedError} SIGNATURES_REFUSED for all images that a policy refuses; INPUT_INVALID for a file that is no
 * policy; what reading files and looking up throws
 */
export async function verifyImages(
  images: readonly LockedImage[],
  flags: VerifyFlags,
  { source, known, lookUp, held, note }: SignatureSources,
): Promise<VerifiedImages> {
  const { verifySignatures } = await import('../../signatures/verify-signatures.ts')
  const files = await readPolicyFiles(flags)
  const documents = new Documents({
    resolve: (reference, options) => source.resolve(reference, options),
    readDocument: async (reference, descriptor) =>
      known.get(descriptor.digest) ?? source.readDocument(reference, descriptor),
  })
  const attachedTo = async (image: LockedImage) => {
    const options = { attestations: [], source: lookUp, documents, kinds: SIGNATURE_KINDS }
    const { attachments, leftOut } = await findAttachments(parseReference(image.reference), image, options)
    const digests = new Set([image.target.digest, ...image.platforms.map(({ manifest }) => manifest.digest)])
    const beside = held.filter(({ subject }) => digests.has(subject))
    return { attachments: [...(image.attachments ?? []), ...beside, ...attachments], problems: leftOut }
  }
  const plain = images.filter(isPlainFile)
  const asked = images.filter((image) => !isPlainFile(image))
  const read = (image: LockedImage, descriptor: Descriptor) =>
    documents.get(parseReference(image.reference), descriptor)
  const signed = await verifySignatures(asked, files, {
    attachedTo,
    read,
    now: new Date(),
  })
  const judged = await Promise.all(signed.map((one) => withDocumentProblems(one, (found) => read(one.image, found))))
  const refused = judged.flatMap(({ refusals }) => refusals.filter(({ mayPass }) => !mayPass))
  if (refused.length > 0) {
    const count = judged.filter(({ refusals }) => refusals.some(({ mayPass }) => !mayPass)).length
    throw new UnsignedError(
      refused.map(asFinding),
      `${count} of ${countOf(asked.length, 'image')} ${count === 1 ? 'is' : 'are'}`,
    )
  }
  const taken = judged.map(({ image }) => image)
  const count = taken.filter(({ signatures }) => signatures !== undefined).length
  note(`${count} of ${countOf(taken.length, 'image')} with a signature that ${flags.verify.join(', ')} asks for`)
  if (plain.length > 0) note(`not judged, since a policy is about images: ${countOf(plain.length, 'plain file')}`)
  const leftOut = judged.flatMap(({ refusals }) => refusals.map(asFinding))
  return {
    images: [...taken, ...plain],
    leftOut: [...leftOut, ...taken.flatMap(signedAsOther)],
    documents: documents.read,
  }
}

/** What is signed is the digest of the target; a lock says more of an image, which is signed only where it follows from that. */
async function withDocumentProblems(
  { image, refusals }: CheckedImage,
  read: (descriptor: Descriptor) => Promise<Uint8Array>,
): Promise<CheckedImage> {
  const { reference, signatures } = image
  const problems = signatures ? await documentProblems(image, read) : []
  const refusal = { code: 'SIGNATURE_INVALID', mayPass: false, reference } as const
  const forged = problems.map((text) => ({ ...refusal, message: `its lock does not say what is signed: ${text}` }))
  return { image, refusals: [...refusals, ...forged] }
}

function asFinding({ code, message, reference }: { code: SignatureCode; message: string; reference: string }): Finding {
  return finding(code, message, { subject: reference })
}

type SignatureCode = 'SIGNATURE_MISSING' | 'SIGNATURE_INVALID' | 'SIGNATURE_UNJUDGED'

function signedAsOther({ reference, signatures = [] }: LockedImage): Finding[] {
  const names = signatures.flatMap(({ signedAs }) => signedAs ?? [])
  return [...new Set(names)].map((name) =>
    finding('SIGNED_AS_OTHER', `${reference}: its signature was made for ${name}`, { subject: reference }),
  )
}
