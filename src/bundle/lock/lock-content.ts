import { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Content } from '../../oci/content/content.ts'
import { inFile } from '../../oci/content/damaged-file.ts'
import { noImageError, type UnnamedEntry } from '../../oci/content/image-names.ts'
import { topmost } from '../../oci/content/topmost.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isIndexType } from '../../oci/media-type.ts'
import { distinctPlatforms, formatPlatform } from '../../oci/platform.ts'
import { parseReference, repositoryName } from '../../oci/reference.ts'
import type { Lock, LockedImage, LockedPlatform } from '../format/lock.ts'
import { Documents } from './documents/documents.ts'
import { readChild } from './documents/index-child.ts'
import { openIndex } from './documents/open-index.ts'
import { platformAmong } from './documents/platform-choice.ts'

/** The images of a content, and what in it is none. */
export interface ContentImages {
  readonly lock: Lock
  readonly leftOut: readonly Finding[]
}

/**
 * What the images of a content are, by its own documents: every name that it has, every platform that it holds. What an
 * index lists and the content leaves out is no part of it; a platform of which a layer is missing is an error. What has no
 * name is left out, and said.
 *
 * @throws {ExpectedError} INPUT_INVALID when it holds no image with a name; BUNDLE_INVALID, CONTENT_MISMATCH, UNSUPPORTED
 */
export async function lockContent(content: Content): Promise<ContentImages> {
  return imagesOf(content).catch((error) => {
    throw inFile(error)
  })
}

async function imagesOf(content: Content): Promise<ContentImages> {
  const documents = new Documents({
    resolve: async ({ path }) => Promise.reject(new Error(`${path} is not looked up`)),
    readDocument: (_repository, { digest }) => content.readDocument(digest),
  })
  const images: LockedImage[] = []
  const unnamed: UnnamedEntry[] = await withoutListed(content)
  for (const named of Map.groupBy(content.names, ([, { digest }]) => digest).values()) {
    const image = await lockNamed(named, content, documents, unnamed)
    if (image) images.push(image)
  }
  if (images.length === 0) throw noImageError(content.path, unnamed)
  images.sort((a, b) => (a.reference < b.reference ? -1 : 1))
  return { lock: { version: 1, images }, leftOut: unnamed.map((entry) => leftOutOf(content.path, entry)) }
}

/** What no name leads to, also not by an index. */
async function withoutListed(content: Content): Promise<UnnamedEntry[]> {
  const unnamed = content.unnamed ?? []
  const images = [...content.names.values(), ...unnamed.flatMap(({ image }) => image ?? [])]
  const tops = new Set((await topmost(content, images)).map(({ digest }) => digest))
  return unnamed.filter(({ image }) => !image || tops.has(image.digest))
}

function leftOutOf(path: string, { subject, why }: UnnamedEntry): Finding {
  return finding('ARCHIVE_ENTRY_LEFT_OUT', `${path}: ${subject}: ${why}`, { subject })
}

async function lockNamed(
  named: readonly (readonly [name: string, descriptor: Descriptor])[],
  content: Content,
  documents: Documents,
  unnamed: UnnamedEntry[],
): Promise<LockedImage | undefined> {
  const tagged = named.map(([name]) => name).sort()
  const [[, descriptor] = named[0]!] = named
  const reference = parseReference(tagged[0]!)
  const target = await documents.describe(reference, descriptor)
  const { manifests, indexes } = isIndexType(target.mediaType)
    ? await openIndex(reference, target, documents)
    : { manifests: [{ descriptor: target, platform: undefined }], indexes: [] }
  const there = manifests.filter(({ descriptor: { digest } }) => content.blobs.has(digest))
  const children = await Promise.all(there.map((child) => readChild(reference, child, documents)))
  const digestName = `${repositoryName(reference)}@${target.digest}`
  const common = {
    reference: tagged[0]!,
    names: [...new Set([...tagged, digestName])].sort(),
    target,
    ...(indexes.length > 0 && { indexes }),
  }
  const artifacts = children.flatMap(({ artifact }) => artifact ?? [])
  if (artifacts.length > 0 && artifacts.length === children.length) {
    for (const { blobs } of artifacts) assertHeld(blobs, tagged[0]!, content)
    const elsewhere = manifests.filter(({ descriptor: { digest } }) => !content.blobs.has(digest))
    unnamed.push(
      ...elsewhere.map(({ descriptor }) => ({
        subject: tagged[0]!,
        why: `lists ${descriptor.digest}, which is not here`,
      })),
    )
    return { ...common, platforms: [], artifacts }
  }
  const platforms = distinctPlatforms(children.flatMap(({ platform }) => platform ?? [])).flatMap((platform) => {
    const found = platformAmong(children, platform)
    return found ? [heldPart(found, tagged[0]!, content)] : []
  })
  if (platforms.length === 0 && children.length > 0) {
    unnamed.push({ subject: tagged[0]!, why: 'is no image that runs: its configuration names no platform' })
    return undefined
  }
  if (platforms.length === 0) {
    throw new ExpectedError('BUNDLE_INVALID', `${content.path}: holds ${tagged[0]} for no platform`, {
      hint: 'Make the layout again, with at least one platform of each image.',
    })
  }
  return { ...common, platforms }
}

/** What no node runs may be left out. @throws {ExpectedError} BUNDLE_INVALID where a blob of the image is missing */
function heldPart({ siblings = [], ...image }: LockedPlatform, name: string, content: Content): LockedPlatform {
  assertHeld([image.config, ...image.layers], `${name} for ${formatPlatform(image.platform)}`, content)
  const held = siblings.filter((sibling) => sibling.blobs.every(({ digest }) => content.blobs.has(digest)))
  return { ...image, ...(held.length > 0 && { siblings: held }) }
}

function assertHeld(parts: readonly Descriptor[], what: string, { path, blobs }: Content): void {
  const missing = parts.find(({ digest }) => !blobs.has(digest))
  if (!missing) return
  throw new ExpectedError('BUNDLE_INVALID', `${path}: ${what} lacks blob ${missing.digest}`, {
    hint: 'Make the layout again, with every layer of what it holds.',
  })
}
