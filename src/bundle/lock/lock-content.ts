import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isIndexType } from '../../oci/media-type.ts'
import { formatPlatform, type Platform } from '../../oci/platform.ts'
import { criForm, parseReference, repositoryName } from '../../oci/reference.ts'
import type { Lock, LockedImage, LockedPlatform } from '../format/lock.ts'
import { Documents } from './documents/documents.ts'
import { openIndex } from './documents/open-index.ts'
import { platformAmong, readChild } from './documents/platform-choice.ts'

/**
 * What the images of a content are, by its own documents: every name that it has, every platform that it holds. What an
 * index lists and the content leaves out is no part of it; a platform of which a layer is missing is an error.
 *
 * @throws {ExpectedError} INPUT_INVALID for a name that is only a tag; BUNDLE_INVALID, CONTENT_MISMATCH, UNSUPPORTED
 */
export async function lockContent(content: Content): Promise<Lock> {
  const documents = new Documents({
    resolve: async ({ path }) => Promise.reject(new Error(`${path} is not looked up`)),
    readDocument: (_repository, { digest }) => content.readDocument(digest),
  })
  const images: LockedImage[] = []
  for (const named of Map.groupBy(content.names, ([, { digest }]) => digest).values()) {
    images.push(await lockNamed(named, content, documents))
  }
  return { version: 1, images: images.sort((a, b) => (a.reference < b.reference ? -1 : 1)) }
}

async function lockNamed(
  named: readonly (readonly [name: string, descriptor: Descriptor])[],
  content: Content,
  documents: Documents,
): Promise<LockedImage> {
  const tagged = named.map(([name]) => criForm(parseReference(complete(name, content)))).sort()
  const [[, descriptor] = named[0]!] = named
  const reference = parseReference(tagged[0]!)
  const target = await documents.describe(reference, descriptor)
  const { manifests, indexes } = isIndexType(target.mediaType)
    ? await openIndex(reference, target, documents)
    : { manifests: [{ descriptor: target, platform: undefined }], indexes: [] }
  const there = manifests.filter(({ descriptor: { digest } }) => content.blobs.has(digest))
  const children = await Promise.all(there.map((child) => readChild(reference, child, documents)))
  const platforms = distinctPlatforms(children).flatMap((platform) => {
    const found = platformAmong(children, platform)
    return found ? [heldPart(found, tagged[0]!, content)] : []
  })
  if (platforms.length === 0) {
    throw new ExpectedError('BUNDLE_INVALID', `${content.path}: holds ${tagged[0]} for no platform`, {
      hint: 'Make the layout again, with at least one platform of each image, and no artifacts.',
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

/** A layout may name an image by its tag alone; where it is from, nobody can tell then. */
function complete(name: string, { path }: Content): string {
  if (/[/:]/.test(name)) return name
  throw new ExpectedError(
    'INPUT_INVALID',
    `${path}: names an image only ${JSON.stringify(name)}, without its repository`,
    {
      hint: 'Name it in full in index.json, as in: skopeo copy docker://IMAGE oci:DIR:docker.io/library/nginx:1.27',
    },
  )
}
