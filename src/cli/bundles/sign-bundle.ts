import { existsSync } from 'node:fs'
import { lstat, rm } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { decodeSignature, isOwnSignature, isSignedBy, readPublicKey, signIndex } from '../../bundle/format/signature.ts'
import { outputExists } from '../../disk/output-place.ts'
import { syncDirectoryOf } from '../../disk/temporary-file.ts'
import { writeTextFile } from '../../disk/write-file.ts'
import { ExpectedError, readError } from '../../errors.ts'
import type { BundleFile } from '../../layout/bundle-file.ts'
import { wholeName } from '../../layout/files/part-name.ts'
import { readText } from '../texts/read-text.ts'
import { openRegularFile } from '../texts/regular-file.ts'

/** Where the signature of a bundle stands: beside it, so that the same lock still makes the same bytes. */
export function signatureOf(bundle: string): string {
  return `${bundle}.sig`
}

/** Makes signatures with one private key. */
export interface Signer {
  sign(index: Uint8Array): string
  /** Whether a text is a signature of these bytes by this key. */
  hasSigned(index: Uint8Array, signature: string): boolean
}

/**
 * Reads a private key, before any work is done for it.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_INVALID for one that cannot sign
 */
export async function readSigner(keyFile: string | undefined): Promise<Signer | undefined> {
  if (keyFile === undefined) return undefined
  const key = await readText(keyFile)
  const password = process.env.NODESEED_KEY_PASSWORD
  naming(keyFile, () => signIndex(Buffer.alloc(0), key, password))
  return {
    sign: (index) => signIndex(index, key, password),
    hasSigned: (index, signature) => isOwnSignature(index, signature, key, password),
  }
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

/** The signature beside a bundle that is being made. */
export interface SignatureBeside {
  /** Takes away that of the bundle which is about to be replaced, so that there never is one beside another bundle. */
  withdraw(): Promise<void>
  /** Writes the new one, where there shall be one; gives its file's name. */
  write(): Promise<string | undefined>
}

/**
 * Looks at what lies beside a bundle. A signature that fits stays; one that does not is replaced, or removed where none
 * is made, only with `replace`.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS for what is no signature, or may not be replaced
 */
export async function signatureBeside(
  bundle: string,
  index: Uint8Array,
  { signer, replace, fits }: { signer: Signer | undefined; replace: boolean; fits: boolean },
): Promise<SignatureBeside> {
  const file = signatureOf(bundle)
  const found = await lookAtSignature(file)
  const stays = found !== undefined && (signer ? signer.hasSigned(index, found.text) : fits)
  if (found && !stays && (signer || replace)) {
    if (!found.isSignature) throw outputExists(file, 'It is no signature. Move it away, or write to another file.')
    if (!replace) {
      throw outputExists(file, 'It is no signature of this bundle by that key. Add --force to replace it.')
    }
  }
  return {
    async withdraw() {
      if (stays || !found || !replace) return
      await rm(file, { force: true })
      await syncDirectoryOf(file)
    },
    async write() {
      if (!signer) return undefined
      if (!stays) await writeTextFile(file, `${signer.sign(index)}\n`)
      return file
    },
  }
}

/** Signatures of all kinds of keys are smaller. */
const MAX_SIGNATURE_BYTES = 4096

/** What has the name of a signature; undefined when nothing has. */
async function lookAtSignature(file: string): Promise<{ text: string; isSignature: boolean } | undefined> {
  const stats = await lstat(file).catch(() => undefined)
  if (!stats) return undefined
  if (!stats.isFile() || stats.size > MAX_SIGNATURE_BYTES) return { text: '', isSignature: false }
  const text = (await readSignature(file)) ?? ''
  return { text, isSignature: decodeSignature(text.trim()) !== undefined }
}

/** A signature byte for byte, as openssl reads it; undefined where there is none. @throws {ExpectedError} INPUT_UNREADABLE */
async function readSignature(file: string): Promise<string | undefined> {
  try {
    const handle = await openRegularFile(file)
    const reading = buffer(handle.createReadStream({ autoClose: false, end: MAX_SIGNATURE_BYTES }))
    return (await reading.finally(() => handle.close())).toString('latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw readError(file, error)
  }
}

/** What is wrong with the signature of a bundle; undefined when the key made it. @throws {ExpectedError} INPUT_INVALID */
export async function signatureProblem(
  bundle: BundleFile,
  keyFile: string,
  signatureFile = signatureOf(wholeName(bundle.path)),
): Promise<string | undefined> {
  const text = await readText(keyFile)
  const key = naming(keyFile, () => readPublicKey(text))
  const signature = await readSignature(signatureFile)
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
