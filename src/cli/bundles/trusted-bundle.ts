import type { LockedContent } from '../../bundle/format/bundle.ts'
import { blobsOf } from '../../bundle/format/lock.ts'
import { type ContentImages, lockContent } from '../../bundle/lock/lock-content.ts'
import { ExpectedError } from '../../errors.ts'
import { BundleFile, openBundle } from '../../layout/bundle-file.ts'
import { openContent } from '../../layout/open-content.ts'
import type { Content } from '../../oci/content/content.ts'
import { LayeredContent } from '../../oci/content/layered-content.ts'
import { describeRequired } from '../deltas/describe-delta.ts'
import { patchedContents } from '../deltas/patched-contents.ts'
import { say } from '../output/streams.ts'
import { signatureProblem } from './sign-bundle.ts'

/**
 * Opens a bundle; where a key is named, only one that it signed. The signature stands for every byte: who reads a blob
 * and hashes it needs nothing else.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID for a key that is none, BUNDLE_INVALID
 */
export async function openTrusted(path: string, { key }: { key?: string | undefined }): Promise<BundleFile> {
  const bundle = await openBundle(path)
  try {
    await checkSigned(bundle, key)
    return bundle
  } catch (error) {
    await bundle.close()
    throw error
  }
}

async function checkSigned(bundle: BundleFile, key: string | undefined): Promise<void> {
  const problem = key === undefined ? undefined : await signatureProblem(bundle, key)
  if (problem === undefined) return
  throw new ExpectedError('BUNDLE_INVALID', `${bundle.path}: ${problem}`, {
    hint: 'Get bundle and signature again from where they were made, or name the key that they were made with.',
  })
}

/**
 * Opens whatever holds images, and says what they are: a bundle or its parts, or an archive of another program.
 * With a key only a bundle that it signed.
 *
 * @throws {ExpectedError} what opening a bundle throws; INPUT_INVALID for a key where there is no bundle.
 */
export async function openImages(path: string, { key }: { key?: string | undefined }): Promise<LockedContent> {
  const content = await openContent(path)
  try {
    if (content instanceof BundleFile) {
      await checkSigned(content, key)
      return content
    }
    if (key === undefined) return sayCaveats(withLock([content], await lockContent(content)))
    throw notSigned(path)
  } catch (error) {
    await content.close()
    throw error
  }
}

/** What is no bundle has no signature of ours. */
export function notSigned(path: string): ExpectedError {
  return new ExpectedError('INPUT_INVALID', `${path}: not a bundle, and --key checks the signatures of bundles`, {
    hint: 'Name a bundle, or leave --key out.',
  })
}

/**
 * Opens what holds images, and where that is a delta the bundles that it builds on, as one content.
 *
 * @throws {ExpectedError} what opening one throws; INPUT_INVALID when bases are named and blobs are in none of them.
 */
export async function openOverBases(
  path: string,
  { base, key }: { base: readonly string[]; key?: string | undefined },
): Promise<LockedContent> {
  const top = await openImages(path, { key })
  if (base.length === 0) return top
  const opened: Content[] = [top]
  try {
    for (const file of base) opened.push(await openImages(file, { key }))
    opened.push(...(await patchedContents(opened.toReversed())))
    const content = withLock(opened, { lock: top.lock, leftOut: top.leftOut ?? [] })
    const needed = new Map(top.lock.images.flatMap(blobsOf).map(({ digest, size }) => [digest, { digest, size }]))
    const missing = [...needed.values()].filter(({ digest }) => !content.blobs.has(digest))
    if (missing.length === 0) return content
    throw new ExpectedError('INPUT_INVALID', `${path} needs ${describeRequired(missing)} that none of its bases has`, {
      hint: 'Name with --base every bundle that it was made since, in the order in which they were made.',
    })
  } catch (error) {
    await Promise.all(opened.map((file) => file.close()))
    throw error
  }
}

function withLock(layers: readonly Content[], images: ContentImages): LockedContent {
  return Object.assign(new LayeredContent(layers), images)
}

/** Says what the kind of an archive cannot promise, whatever is done with it. */
function sayCaveats(content: LockedContent): LockedContent {
  for (const caveat of content.caveats ?? []) say(`${content.path}: ${caveat}`)
  return content
}
