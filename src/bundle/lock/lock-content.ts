import { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import type { Content } from '../../oci/content/content.ts'
import { noImageError, type UnnamedEntry } from '../../oci/content/image-names.ts'
import { topmost } from '../../oci/content/topmost.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isImageConfigType, isIndexType, isLayerType } from '../../oci/media-type.ts'
import { formatPlatform, type Platform } from '../../oci/platform.ts'
import { parseReference, repositoryName } from '../../oci/reference.ts'
import type { Lock, LockedImage, LockedPlatform } from '../format/lock.ts'
import { Documents } from './documents/documents.ts'
import { openIndex } from './documents/open-index.ts'
import { platformAmong, readChild } from './documents/platform-choice.ts'

/** The images of a content, and what in it is none. */
export interface ContentImages {
  readonly lock: Lock
  readonly leftOut: readonly Finding[]
}

/**
 * What the images of a content are, by its own documents: every name that it has, every platform that it holds. What an
 * index lists and the content leaves out is no part of it; a platform of which a layer is missing is an error. Charts,
 * signatures and what has no name are left out, and said.
 *
 * @throws {ExpectedError} INPUT_INVALID when it holds no image with a name; BUNDLE_INVALID, CONTENT_MISMATCH, UNSUPPORTED
 */
export async function lockContent(content: Content): Promise<ContentImages> {
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
  const types = children.map(artifactType)
  if (children.length > 0 && types.every((type) => type !== undefined)) {
    unnamed.push(...types.map((type) => ({ subject: tagged[0]!, why: `is no image that runs, but ${type}` })))
    return undefined
  }
  const platforms = distinctPlatforms(children).flatMap((platform) => {
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
  const digestName = `${repositoryName(reference)}@${target.digest}`
  return {
    reference: tagged[0]!,
    names: [...new Set([...tagged, digestName])].sort(),
    target,
    ...(indexes.length > 0 && { indexes }),
    platforms,
  }
}

/** What no node runs may be left out. @throws {ExpectedError} BUNDLE_INVALID where a blob of the image is missing */
function heldPart({ siblings = [], ...image }: LockedPlatform, name: string, { path, blobs }: Content): LockedPlatform {
  const missing = [image.config, ...image.layers].find(({ digest }) => !blobs.has(digest))
  if (missing) {
    throw new ExpectedError(
      'BUNDLE_INVALID',
      `${path}: ${name} for ${formatPlatform(image.platform)} lacks blob ${missing.digest}`,
      { hint: 'Make the layout again, with every layer of the platforms that it holds.' },
    )
  }
  const held = siblings.filter((sibling) => sibling.blobs.every(({ digest }) => blobs.has(digest)))
  return { ...image, ...(held.length > 0 && { siblings: held }) }
}

function distinctPlatforms(children: readonly { readonly platform: Platform | undefined }[]): Platform[] {
  const known = children.flatMap(({ platform }) => platform ?? [])
  return [...new Map(known.map((platform) => [formatPlatform(platform), platform])).values()]
}

/** What a manifest is that no node runs: a chart, a signature, a file; undefined for an image. */
function artifactType({ config, layers }: Pick<LockedPlatform, 'config' | 'layers'>): string | undefined {
  if (!isImageConfigType(config.mediaType)) return config.mediaType
  // A signature of cosign has the configuration of an image, and layers that none has.
  return layers.map(({ mediaType }) => mediaType).find((mediaType) => !isLayerType(mediaType))
}
