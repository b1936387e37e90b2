import { isSignedBy, signIndex } from '../../bundle/format/signature.ts'
import { writeTextFile } from '../../disk/write-file.ts'
import { ExpectedError } from '../../errors.ts'
import type { BundleFile } from '../../layout/bundle-file.ts'
import { wholeName } from '../../layout/files/part-name.ts'
import { readText } from '../inputs/read-text.ts'

/** Where the signature of a bundle stands: beside it, so that the same lock still makes the same bytes. */
function signatureOf(bundle: string): string {
  return `${bundle}.sig`
}

/**
 * Makes sure, before any work is done for it, that a key can sign.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_INVALID
 */
export async function checkSigningKey(keyFile: string): Promise<void> {
  signIndex(Buffer.alloc(0), await readText(keyFile), process.env.NODESEED_KEY_PASSWORD)
}

/**
 * Signs a plan's or a bundle's index.json into a file beside the bundle; gives that file's name.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_INVALID, DISK_FULL, DISK_ERROR
 */
export async function signBundle(path: string, index: Uint8Array, keyFile: string): Promise<string> {
  const signature = signIndex(index, await readText(keyFile), process.env.NODESEED_KEY_PASSWORD)
  const file = signatureOf(path)
  await writeTextFile(file, `${signature}\n`)
  return file
}

/** What is wrong with the signature of a bundle; undefined when the key made it. @throws {ExpectedError} INPUT_INVALID */
export async function signatureProblem(
  bundle: BundleFile,
  keyFile: string,
  signatureFile = signatureOf(wholeName(bundle.path)),
): Promise<string | undefined> {
  const key = await readText(keyFile)
  const signature = await readText(signatureFile).catch((error) => {
    if (error instanceof ExpectedError && error.code === 'INPUT_NOT_FOUND') return undefined
    throw error
  })
  if (signature === undefined) return `not signed: there is no ${signatureFile}`
  const index = (await bundle.readFile('index.json')) ?? Buffer.alloc(0)
  return isSignedBy(key, index, signature) ? undefined : `${signatureFile} was not made for this bundle by that key`
}
