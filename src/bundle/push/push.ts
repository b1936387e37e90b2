import pLimit from 'p-limit'
import { ExpectedError, endsRun } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { isIndexType, isManifestType } from '../../oci/media-type.ts'
import { parseReference, repositoryName } from '../../oci/reference.ts'
import type { ImageFailure } from '../failure.ts'
import { type Attachment, type Lock, type LockedImage, layersOf, manifestsOf } from '../format/lock.ts'
import { InTurn } from './in-turn.ts'
import { listAttachments, type ReferrersTarget } from './listed-referrers.ts'
import { BlobPusher, type BlobUploads, type PushCounts } from './push-blobs.ts'
import { missingChildren, reducedIndexes, refusedIndex, refuseSparse } from './sparse-index.ts'

/** Where images go: one registry, repositories named in full. */
export interface PushTarget extends BlobUploads, ReferrersTarget {
  /** Whether it is there, byte for byte. */
  hasManifest(name: string, reference: string, manifest: Omit<Descriptor, 'size'>): Promise<boolean>
  /** Repositories in which nobody could see whether what was sent is there, and the status that a look was answered with. */
  readonly unread: ReadonlyMap<string, number>
}

export interface PushOptions {
  /** The repository, in full, for one of the bundle's. */
  readonly nameFor: (repository: string) => string
  /** The repository, in full, for one of the bundle that a delta builds on. */
  readonly baseNameFor: (repository: string) => string
  /** What to do where the registry refuses an index that lists platforms which are not there. */
  readonly sparseIndex: 'original' | 'reduce' | 'fail'
  readonly onImage?: (image: PushedImage) => void
  readonly onBytes?: (count: number) => void
}

/** What an image is called where it was pushed to. */
export interface PushedImage {
  readonly reference: string
  /** What the registry has now: another digest than before where the index was reduced. */
  readonly digest: Digest
  /** Each of the image's names, and the name to pull it by from the registry. */
  readonly names: Readonly<Record<string, string>>
  readonly wasThere: boolean
}

export interface PushResult {
  readonly images: readonly PushedImage[]
  readonly failures: readonly ImageFailure[]
  /** What is there and may not be found; what nobody could see to be there. */
  readonly doubts: readonly Finding[]
  readonly blobs: PushCounts
}

/** Images at the same time; blobs have their own limit. */
const CONCURRENT_IMAGES = 8

/** Pushes every image of a bundle, only what the registry lacks. Goes past images that fail. */
export async function pushImages(
  { images }: Pick<Lock, 'images'>,
  source: Content,
  target: PushTarget,
  options: PushOptions,
): Promise<PushResult> {
  if (options.sparseIndex === 'fail') await refuseSparse(images, source)
  const lacking = await source.lacking()
  const homeOf = (digest: Digest) => {
    const from = lacking.get(digest)?.from
    return from === undefined ? undefined : options.baseNameFor(from)
  }
  const blobs = new BlobPusher(source, target, { homeOf, onBytes: options.onBytes })
  const turns = new InTurn()
  const failures: ImageFailure[] = []
  const unlisted: Finding[] = []
  const pushed = await pLimit(CONCURRENT_IMAGES).map(images, async (image) => {
    try {
      const done = await pushImage(image, { source, target, blobs, turns, unlisted, ...options })
      options.onImage?.(done)
      return done
    } catch (error) {
      if (!(error instanceof ExpectedError) || endsRun(error)) throw error
      failures.push({ reference: image.reference, error })
      return undefined
    }
  })
  const doubts = [...unlisted, ...[...target.unread].map(([name, status]) => unreadAt(name, status))]
  return { images: pushed.filter((image) => image !== undefined), failures, doubts, blobs: blobs.counts }
}

interface Push extends PushOptions {
  readonly source: Content
  readonly target: PushTarget
  readonly blobs: BlobPusher
  readonly turns: InTurn
  readonly unlisted: Finding[]
}

async function pushImage(image: LockedImage, push: Push): Promise<PushedImage> {
  const { target, nameFor } = push
  const name = nameFor(repositoryName(parseReference(image.names[0] ?? image.reference)))
  const { digest } = image.target
  const wasThere = await target.hasManifest(name, digest, image.target)
  await pushContent(image, name, { ...push, wasThere })
  const pushedDigest = wasThere ? digest : await pushTop(image, name, push)
  const { attachments = [] } = image
  for (const attachment of attachments) await pushAttachment(attachment, name, push)
  await push.turns.run([`${name} referrers`], async () => {
    push.unlisted.push(...(await listAttachments(attachments, name, push)))
  })
  const tags = image.names.flatMap((full) => parseReference(full).tag ?? [])
  for (const tag of tags) await putTag(name, tag, { image, digest: pushedDigest, wasThere, push })
  const names = image.names.map((full) => {
    const { tag } = parseReference(full)
    return [full, tag ? `${name}:${tag}` : `${name}@${pushedDigest}`] as const
  })
  return { reference: image.reference, digest: pushedDigest, names: Object.fromEntries(names), wasThere }
}

/**
 * Everything below the top, in the order in which a registry must have it. Where that was there the rest need not be: an
 * index may be from a bundle of fewer platforms, and storage loses blobs.
 */
async function pushContent(image: LockedImage, name: string, push: Push & { wasThere: boolean }): Promise<void> {
  const { target: top, platforms, indexes = [] } = image
  const { wasThere } = push
  const blobs = [...platforms.map(({ config }) => config), ...layersOf(image)]
  // The largest first: what is sent last is sent alone.
  const bySize = blobs.toSorted((a, b) => b.size - a.size)
  await Promise.all(bySize.map((blob) => push.blobs.ensure(name, blob, { mayBeThere: wasThere })))
  const below = wasThere ? [...manifestsOf(image), ...indexes.toReversed()] : manifestsOf(image)
  const documents = below.filter(({ digest }) => digest !== top.digest)
  await putDocuments(name, documents, push, { beside: below, mayBeThere: wasThere })
}

/** Signatures and the like: after what they belong to, each under its digest and the tag that cosign looks for. */
async function pushAttachment({ target: top, tag, blobs }: Attachment, name: string, push: Push): Promise<void> {
  const wasThere = await push.target.hasManifest(name, tag ?? top.digest, top)
  const documents = blobs.filter(isDocument)
  const others = blobs.filter((blob) => !isDocument(blob))
  await Promise.all(others.map((blob) => push.blobs.ensure(name, blob, { mayBeThere: wasThere })))
  const below = documents.toReversed()
  const missing = wasThere ? below : [...below, top]
  await putDocuments(name, missing, push, { beside: documents, mayBeThere: wasThere })
  if (!tag || wasThere) return
  await putManifest(name, tag, { ...top, bytes: await push.source.readDocument(top.digest) }, push, documents)
}

function isDocument({ mediaType }: Descriptor): boolean {
  return isIndexType(mediaType) || isManifestType(mediaType)
}

/** Gives the digest under which the image is there now. */
async function pushTop(image: LockedImage, name: string, push: Push): Promise<Digest> {
  const missing = await missingChildren(image, push.source)
  const { target: top, indexes = [] } = image
  try {
    const below = indexes.filter(({ digest }) => digest !== top.digest).toReversed()
    await putDocuments(name, [...below, top], push, { beside: documentsOf(image) })
    return top.digest
  } catch (error) {
    if (!(error instanceof ExpectedError) || missing.length === 0 || !isOfContent(error)) throw error
    if (push.sparseIndex === 'original') throw refusedIndex(image, missing, error)
    const reduced = await reducedIndexes(image, push.source)
    for (const index of reduced) await putManifest(name, index.digest, index, push, [...documentsOf(image), ...reduced])
    return reduced.at(-1)?.digest ?? top.digest
  }
}

/** Whether a registry may have refused a document for what that lists, and not for who we are or for want of room. */
function isOfContent({ data: { status } }: ExpectedError): boolean {
  return status === 400 || status === 404 || status === 409 || status === 422
}

async function putTag(
  name: string,
  tag: string,
  { image, digest, wasThere, push }: { image: LockedImage; digest: Digest; wasThere: boolean; push: Push },
): Promise<void> {
  const { mediaType } = image.target
  if (wasThere && (await push.target.hasManifest(name, tag, image.target))) return
  const reduced = digest === image.target.digest ? undefined : (await reducedIndexes(image, push.source)).at(-1)
  const bytes = reduced?.bytes ?? (await push.source.readDocument(digest))
  await putManifest(name, tag, { digest, mediaType, bytes }, push, documentsOf(image))
}

function documentsOf(image: LockedImage): readonly Descriptor[] {
  return [...manifestsOf(image), ...(image.indexes ?? [])]
}

async function putDocuments(
  name: string,
  documents: readonly Descriptor[],
  push: Push,
  { beside, mayBeThere = false }: { beside: readonly Descriptor[]; mayBeThere?: boolean },
): Promise<void> {
  for (const document of documents) {
    const { digest } = document
    if (mayBeThere && (await push.target.hasManifest(name, digest, document))) continue
    await putManifest(name, digest, { ...document, bytes: await push.source.readDocument(digest) }, push, beside)
  }
}

interface ManifestBytes {
  readonly digest: Digest
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/**
 * The Distribution project's registry writes the link to a manifest anew with every upload of it, and takes one that is
 * half written for DIGEST_INVALID when it looks whether an index finds its children. So an index waits for uploads of
 * what it may list, and they for it.
 */
function putManifest(
  name: string,
  reference: string,
  { digest, mediaType, bytes }: ManifestBytes,
  { target, turns }: Push,
  beside: readonly { readonly digest: Digest }[],
): Promise<void> {
  const listed = isIndexType(mediaType) ? beside.map((document) => document.digest) : []
  const touched = [digest, ...listed].map((touchedDigest) => `${name} ${touchedDigest}`)
  return turns.run(touched, () => target.putManifest(name, reference, mediaType, bytes))
}

function unreadAt(name: string, status: number): Finding {
  const text = `${name}: the registry took what was sent, and lets this account look at none of it (${status})`
  return finding('PUSH_UNREAD', text, { subject: name })
}
