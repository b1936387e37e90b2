import { ExpectedError } from '../../errors.ts'
import { type BundleFile, openBundle } from '../../layout/bundle-file.ts'
import { signatureProblem } from './sign-bundle.ts'

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
