import { ExpectedError, endsRun } from '../../errors.ts'
import { type Descriptor, plainDescriptor } from '../../oci/descriptor.ts'
import { type Digest, isDigest } from '../../oci/digest.ts'
import { childrenOf } from '../../oci/manifest.ts'
import { isIndexType, isManifestType } from '../../oci/media-type.ts'
import { formatReference, type Reference } from '../../oci/reference.ts'
import type { ReferrerList } from '../../oci/referrers.ts'
import type { Attachment, LockedImage } from '../format/lock.ts'
import { assertCarriable } from './carriable.ts'
import type { Documents, ImageSource } from './documents/documents.ts'

/** Where what is attached to images is looked up. */
export interface AttachmentSource extends Pick<ImageSource, 'resolve'> {
  /** What the referrers API, or its fallback tag, lists for a manifest. */
  listReferrers(repository: Reference, digest: Digest): Promise<ReferrerList>
}

/** Which of what is attached is looked for. */
export interface AttachedKinds {
  /** Of the tags under which cosign keeps what belongs to `sha256:<hex>`. */
  readonly suffixes: readonly string[]
  readonly isReferrer: (listed: Descriptor) => boolean
}

const ALL_KINDS: AttachedKinds = { suffixes: ['sig', 'att', 'sbom'], isReferrer: () => true }
/** The predicate of statements that are signatures; lists of referrers say it in an annotation. */
const SIGNED = 'https://sigstore.dev/cosign/sign/v1'

const OF_SIGNATURES = ['application/vnd.dev.cosign.artifact.sig.v1+json', 'application/vnd.cncf.notary.signature']
/** What go-containerregistry puts into a list of its own for whatever is attached, and cosign with it: the type of the config. */
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json'

/** Signatures of images, in the forms that cosign has had, and those of notation, which nobody here judges. What a list does not describe may be one. */
export const SIGNATURE_KINDS: AttachedKinds = {
  suffixes: ['sig'],
  isReferrer: ({ artifactType, annotations = {} }) => {
    if (artifactType === undefined || artifactType === EMPTY_CONFIG) return true
    if (OF_SIGNATURES.includes(artifactType)) return true
    const predicate = annotations['dev.sigstore.bundle.predicateType']
    return artifactType.startsWith('application/vnd.dev.sigstore.bundle') && (predicate ?? SIGNED) === SIGNED
  },
}

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
    kinds = ALL_KINDS,
  }: {
    attestations: readonly Descriptor[]
    source: AttachmentSource | undefined
    documents: Documents
    kinds?: AttachedKinds
  },
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
  const looking = { add, orLeftOut, leftOut, ...kinds }
  if (source) await lookUp(reference, [...new Set([target.digest, ...manifests])], source, looking)
  const attachments = [...found.values()].sort((a, b) => (a.target.digest < b.target.digest ? -1 : 1))
  return { attachments, leftOut }
}

export interface FoundAttachments {
  readonly attachments: readonly Attachment[]
  /** What a registry lists or was asked for and did not give: it costs itself, never the image. */
  readonly leftOut: readonly ExpectedError[]
}

interface Looking extends AttachedKinds {
  /** Says whether something is new. */
  readonly add: (subject: Digest, descriptor: Descriptor, tag?: string) => Promise<boolean>
  readonly orLeftOut: <T>(asking: Promise<T>) => Promise<T | undefined>
  readonly leftOut: ExpectedError[]
}

/** Asks what is attached to manifests, and to what is attached in turn. */
async function lookUp(
  reference: Reference,
  manifests: readonly Digest[],
  source: AttachmentSource,
  { add, orLeftOut, leftOut, suffixes, isReferrer }: Looking,
): Promise<void> {
  for (const subject of manifests) {
    for (const suffix of suffixes) {
      const tag = `${subject.replace(':', '-')}.${suffix}`
      const tagged = await orLeftOut(orNothing(source.resolve({ ...reference, tag, digest: undefined })))
      if (tagged) await add(subject, tagged, tag)
    }
  }
  let subjects = manifests
  for (let depth = 0; depth < MAX_DEPTH && subjects.length > 0; depth++) {
    const next: Digest[] = []
    for (const subject of subjects) {
      const listed = await orLeftOut(source.listReferrers(reference, subject))
      leftOut.push(...(listed?.leftOut ?? []))
      for (const referrer of (listed?.found ?? []).filter(isReferrer)) {
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
