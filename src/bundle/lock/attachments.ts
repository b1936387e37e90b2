import { ExpectedError, endsRun } from '../../errors.ts'
import { type Descriptor, plainDescriptor } from '../../oci/descriptor.ts'
import { type Digest, isDigest } from '../../oci/digest.ts'
import { childrenOf } from '../../oci/manifest.ts'
import { isIndexType, isManifestType } from '../../oci/media-type.ts'
import { formatReference, type Reference } from '../../oci/reference.ts'
import type { Attachment, LockedImage } from '../format/lock.ts'
import { assertCarriable } from './carriable.ts'
import type { Documents, ImageSource } from './documents/documents.ts'

/** Where what is attached to images is looked up. */
export interface AttachmentSource extends Pick<ImageSource, 'resolve'> {
  /** What the referrers API, or its fallback tag, lists for a manifest. */
  listReferrers(repository: Reference, digest: Digest): Promise<readonly Descriptor[]>
}

/** Tags under which cosign keeps what belongs to `sha256:<hex>`. */
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom']
/** A signature of an SBOM of an image, and one more. */
const MAX_DEPTH = 3

/**
 * What belongs to an image without being part of it: BuildKit's attestations for the platforms taken, and, where there is
 * a source to ask, referrers of its manifests and of those in turn, and cosign's tags.
 */
export async function findAttachments(
  reference: Reference,
  { target, platforms, artifacts = [] }: LockedImage,
  {
    attestations,
    source,
    documents,
  }: { attestations: readonly Descriptor[]; source: AttachmentSource | undefined; documents: Documents },
): Promise<FoundAttachments> {
  const manifests = [...platforms, ...artifacts].map(({ manifest }) => manifest.digest)
  const found = new Map<Digest, Attachment>()
  const leftOut: ExpectedError[] = []
  const orLeftOut = async <T>(asking: Promise<T>): Promise<T | undefined> => {
    try {
      return await asking
    } catch (error) {
      if (!(error instanceof ExpectedError) || endsRun(error)) throw error
      leftOut.push(error)
      return undefined
    }
  }
  const take = async (subject: Digest, descriptor: Descriptor, tag?: string) => {
    const plain = isDocument(descriptor) ? await documents.describe(reference, descriptor) : plainDescriptor(descriptor)
    const blobs = await descendants(reference, plain, documents)
    assertCarriable(formatReference(reference), [plain, ...blobs])
    found.set(plain.digest, { subject, ...(tag && { tag }), target: plain, blobs })
    return true
  }
  const add = async (subject: Digest, descriptor: Descriptor, tag?: string): Promise<boolean> => {
    if (found.has(descriptor.digest)) return false
    return (await orLeftOut(take(subject, descriptor, tag))) === true
  }
  for (const attestation of attestations) {
    const subject = attestation.annotations?.['vnd.docker.reference.digest']
    if (isDigest(subject) && manifests.includes(subject)) await add(subject, attestation)
  }
  if (source) await lookUp(reference, [...new Set([target.digest, ...manifests])], source, { add, orLeftOut })
  const attachments = [...found.values()].sort((a, b) => (a.target.digest < b.target.digest ? -1 : 1))
  return { attachments, leftOut }
}

export interface FoundAttachments {
  readonly attachments: readonly Attachment[]
  /** What a registry lists or was asked for and did not give: it costs itself, never the image. */
  readonly leftOut: readonly ExpectedError[]
}

interface Looking {
  /** Says whether something is new. */
  readonly add: (subject: Digest, descriptor: Descriptor, tag?: string) => Promise<boolean>
  readonly orLeftOut: <T>(asking: Promise<T>) => Promise<T | undefined>
}

/** Asks what is attached to manifests, and to what is attached in turn. */
async function lookUp(
  reference: Reference,
  manifests: readonly Digest[],
  source: AttachmentSource,
  { add, orLeftOut }: Looking,
): Promise<void> {
  for (const subject of manifests) {
    for (const suffix of COSIGN_SUFFIXES) {
      const tag = `${subject.replace(':', '-')}.${suffix}`
      const tagged = await orLeftOut(orNothing(source.resolve({ ...reference, tag, digest: undefined })))
      if (tagged) await add(subject, tagged, tag)
    }
  }
  let subjects = manifests
  for (let depth = 0; depth < MAX_DEPTH && subjects.length > 0; depth++) {
    const next: Digest[] = []
    for (const subject of subjects) {
      for (const referrer of (await orLeftOut(source.listReferrers(reference, subject))) ?? []) {
        if (await add(subject, referrer)) next.push(referrer.digest)
      }
    }
    subjects = next
  }
}

/** Everything below a manifest or an index, level by level, each once. */
async function descendants(reference: Reference, top: Descriptor, documents: Documents): Promise<Descriptor[]> {
  const found = new Map<Digest, Descriptor>()
  for (let level = [top]; level.length > 0; ) {
    const parents = level.filter(isDocument)
    const read = await Promise.all(parents.map((parent) => documents.parse(reference, parent)))
    const children = read.flatMap(childrenOf).filter(({ digest }) => digest !== top.digest && !found.has(digest))
    level = [...new Map(children.map((child) => [child.digest, plainDescriptor(child)])).values()]
    for (const child of level) found.set(child.digest, child)
  }
  return [...found.values()]
}

function isDocument({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType)
}

async function orNothing<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'MANIFEST_UNKNOWN') return undefined
    throw error
  }
}
