import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isIndexType } from '../../oci/media-type.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { criForm, parseReference, repositoryName } from '../../oci/reference.ts'
import type { Lock, LockedImage, LockedPlatform } from '../format/lock.ts'
import { Documents } from './documents/documents.ts'
import { type IndexedManifest, openIndex } from './documents/open-index.ts'
import { lockPlatform, platformOf } from './lock.ts'

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
  const platforms: LockedPlatform[] = []
  for (const manifest of manifests) {
    if (content.blobs.has(manifest.descriptor.digest))
      platforms.push(await lockHeld(manifest, tagged[0]!, content, documents))
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

async function lockHeld(
  { descriptor, platform }: IndexedManifest,
  name: string,
  { path, blobs }: Content,
  documents: Documents,
): Promise<LockedPlatform> {
  const reference = parseReference(name)
  const choice = { descriptor, platform: platform ?? (await platformOf(reference, descriptor, documents)) }
  const held = await lockPlatform(reference, choice, documents)
  const missing = [held.config, ...held.layers].find(({ digest }) => !blobs.has(digest))
  if (!missing) return held
  throw new ExpectedError(
    'BUNDLE_INVALID',
    `${path}: ${name} for ${formatPlatform(choice.platform)} lacks blob ${missing.digest}`,
    { hint: 'Make the layout again, with every layer of the platforms that it holds.' },
  )
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
