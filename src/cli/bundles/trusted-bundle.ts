import { ExpectedError } from '../../errors.ts'
import { type BundleFile, openBundle } from '../../layout/bundle-file.ts'
import type { Content } from '../../oci/content.ts'
import { LayeredContent } from '../../oci/layered-content.ts'
import { signatureProblem } from './sign-bundle.ts'
import { describeRequired } from './write-bundle.ts'

/**
 * Opens a bundle; where a key is named, only one that it signed. The signature stands for every byte: who reads a blob
 * and hashes it needs nothing else.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID for a key that is none, BUNDLE_INVALID
 */
export async function openTrusted(path: string, { key }: { key?: string | undefined }): Promise<BundleFile> {
  const bundle = await openBundle(path)
  if (key === undefined) return bundle
  try {
    const problem = await signatureProblem(bundle, key)
    if (problem === undefined) return bundle
    throw new ExpectedError('BUNDLE_INVALID', `${path}: ${problem}`, {
      hint: 'Get bundle and signature again from where they were made, or name the key that they were made with.',
    })
  } catch (error) {
    await bundle.close()
    throw error
  }
}

/**
 * Opens a bundle, and where it is a delta the bundles that it builds on, as one content. Closing the content closes all.
 *
 * @throws {ExpectedError} what opening one throws; INPUT_INVALID when bases are named and blobs are in none of them.
 */
export async function openOverBases(
  path: string,
  { base, key }: { base: readonly string[]; key?: string | undefined },
): Promise<{ bundle: BundleFile; content: Content }> {
  const bundle = await openTrusted(path, { key })
  if (base.length === 0) return { bundle, content: bundle }
  const opened: BundleFile[] = [bundle]
  try {
    for (const file of base) opened.push(await openTrusted(file, { key }))
    const content = new LayeredContent(opened)
    const lacking = await content.lacking()
    if (lacking.size === 0) return { bundle, content }
    const missing = [...lacking].map(([digest, { size }]) => ({ digest, size }))
    throw new ExpectedError('INPUT_INVALID', `${path} needs ${describeRequired(missing)} that none of its bases has`, {
      hint: 'Name with --base every bundle that it was made since, in the order in which they were made.',
    })
  } catch (error) {
    await Promise.all(opened.map((file) => file.close()))
    throw error
  }
}
