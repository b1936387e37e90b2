import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { isSignedBy, readPublicKey, signIndex } from '../../bundle/format/signature.ts'
import { writeTextFile } from '../../disk/write-file.ts'
import { ExpectedError, writeError } from '../../errors.ts'
import type { BundleFile } from '../../layout/bundle-file.ts'
import { wholeName } from '../../layout/files/part-name.ts'
import { readText } from '../texts/read-text.ts'

/** Where the signature of a bundle stands: beside it, so that the same lock still makes the same bytes. */
export function signatureOf(bundle: string): string {
  return `${bundle}.sig`
}

/**
 * Makes sure, before any work is done for it, that a key can sign.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_INVALID
 */
export async function checkSigningKey(keyFile: string): Promise<void> {
  await signWith(keyFile, Buffer.alloc(0))
}

async function signWith(keyFile: string, index: Uint8Array): Promise<string> {
  const key = await readText(keyFile)
  return naming(keyFile, () => signIndex(index, key, process.env.NODESEED_KEY_PASSWORD))
}

/** What is said of a key, with the file that it came from. */
function naming<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    throw new ExpectedError(error.code, `${file}: ${error.message}`, { hint: error.hint, cause: error })
  }
}

/**
 * Signs a plan's or a bundle's index.json into a file beside the bundle; gives that file's name.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_INVALID, DISK_FULL, DISK_ERROR
 */
export async function signBundle(path: string, index: Uint8Array, keyFile: string): Promise<string> {
  const signature = await signWith(keyFile, index)
  const file = signatureOf(path)
  await writeTextFile(file, `${signature}\n`)
  return file
}

/** A signature of what a bundle was before is none of what replaces it. @throws {ExpectedError} DISK_ERROR */
export async function removeSignature(bundle: string): Promise<void> {
  await rm(signatureOf(bundle), { force: true }).catch((error) => {
    throw writeError(signatureOf(bundle), error)
  })
}

/** What is wrong with the signature of a bundle; undefined when the key made it. @throws {ExpectedError} INPUT_INVALID */
export async function signatureProblem(
  bundle: BundleFile,
  keyFile: string,
  signatureFile = signatureOf(wholeName(bundle.path)),
): Promise<string | undefined> {
  const text = await readText(keyFile)
  const key = naming(keyFile, () => readPublicKey(text))
  const signature = await readText(signatureFile).catch((error) => {
    if (error instanceof ExpectedError && error.code === 'INPUT_NOT_FOUND') return undefined
    throw error
  })
  if (signature === undefined) return `not signed: there is no ${signatureFile}`
  return isSignedBy(key, bundle.index, signature)
    ? undefined
    : `${signatureFile} was not made for this bundle by that key`
}

/** What is known of who made a bundle. */
export interface SignatureCheck {
  readonly state: 'good' | 'bad' | 'unchecked' | 'unsigned'
  readonly problem?: string
  /** The state in a sentence. */
  readonly note: string
}

/** Checks the signature when a key is named; says what was not checked when none is. @throws {ExpectedError} INPUT_INVALID */
export async function checkSignature(
  bundle: BundleFile,
  {
    key,
    signature = signatureOf(wholeName(bundle.path)),
  }: { key?: string | undefined; signature?: string | undefined },
): Promise<SignatureCheck> {
  if (key !== undefined) {
    const problem = await signatureProblem(bundle, key, signature)
    if (problem) return { state: 'bad', problem, note: 'nothing says who made it' }
    return { state: 'good', note: `signed with the key that belongs to ${key}` }
  }
  if (existsSync(signature)) {
    return {
      state: 'unchecked',
      note: `${signature} was not checked, so this says nothing about who made it: name the key with --key`,
    }
  }
  return { state: 'unsigned', note: 'unsigned: whoever could change the file could change its digests too' }
}
