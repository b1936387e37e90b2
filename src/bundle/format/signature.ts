import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { ExpectedError } from '../../errors.ts'

/** A key pair in PEM: PKCS 8, encrypted when there is a password, and SPKI, as cosign and openssl read them. */
export interface SigningKeyPair {
  readonly privateKey: string
  readonly publicKey: string
}

/** Makes an ECDSA key pair on the curve P-256, which is what cosign makes. */
export function makeKeyPair(password?: string): SigningKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const protection = password ? { cipher: 'aes-256-cbc', passphrase: password } : {}
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem', ...protection }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/**
 * Signs the bytes of a bundle's index.json, which stands for every byte of the bundle. The form is the one that
 * `cosign verify-blob` reads: base64 of an ASN.1 signature over the SHA-256.
 *
 * @throws {ExpectedError} INPUT_INVALID when the key cannot be read or is of another kind.
 */
export function signIndex(index: Uint8Array, privateKey: string, password?: string): string {
  return sign('sha256', index, readPrivateKey(privateKey, password)).toString('base64')
}

/** Whether the text of a signature is one that this private key made. @throws {ExpectedError} INPUT_INVALID */
export function isOwnSignature(index: Uint8Array, signature: string, privateKey: string, password?: string): boolean {
  return isSignedBy(createPublicKey(readPrivateKey(privateKey, password)), index, signature)
}

/**
 * One public key. Node takes whatever has one in it, such as a certificate; `openssl dgst -verify` on a node does not.
 *
 * @throws {ExpectedError} INPUT_INVALID when the key cannot be read, is of another kind, or is the secret half.
 */
export function readPublicKey(text: string): KeyObject {
  const labels = [...text.matchAll(/^-----BEGIN ([^-\r\n]*)-----/gm)].map(([, label]) => label)
  if (labels.some((label) => label?.endsWith('PRIVATE KEY'))) {
    throw new ExpectedError('INPUT_INVALID', 'the key is a private one: signatures are checked with its public half', {
      hint: 'Name the NAME.pub that keygen wrote, or make it with: openssl pkey -in NAME.key -pubout -out NAME.pub',
    })
  }
  return readKey('public', () => {
    if (labels.length !== 1 || labels[0] !== 'PUBLIC KEY') throw new Error('not one public key in PEM')
    return createPublicKey(text)
  })
}

/** Whether the key made the signature, in the form of `signIndex`. */
export function isSignedBy(publicKey: KeyObject, index: Uint8Array, signature: string): boolean {
  const bytes = decodeSignature(signature)
  return bytes !== undefined && verify('sha256', index, publicKey, bytes)
}

/**
 * The bytes of a signature: base64 in its one spelling, with or without a line feed. Other spellings are none, since
 * `openssl base64 -d -A` on a node reads them as something else, or not at all.
 */
export function decodeSignature(text: string): Buffer | undefined {
  const spelled = text.endsWith('\n') ? text.slice(0, -1) : text
  const bytes = Buffer.from(spelled, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === spelled ? bytes : undefined
}

function readPrivateKey(text: string, password: string | undefined): KeyObject {
  return readKey('private', () => createPrivateKey({ key: text, ...(password && { passphrase: password }) }))
}

function readKey(kind: keyof typeof KEYS, read: () => KeyObject): KeyObject {
  const { problem, hint } = KEYS[kind]
  let key: KeyObject
  try {
    key = read()
  } catch (cause) {
    throw new ExpectedError('INPUT_INVALID', `the ${kind} key cannot be read: ${problem}`, { hint, cause })
  }
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  throw new ExpectedError('INPUT_INVALID', `the ${kind} key is not an ECDSA key on the curve P-256`, { hint })
}

const KEYS = {
  private: {
    problem: 'not PEM, or a wrong password',
    hint: 'Make a key pair with: nodeseed keygen -o NAME; the password of a private key is read from NODESEED_KEY_PASSWORD.',
  },
  public: {
    problem: 'not one PUBLIC KEY in PEM',
    hint: 'Name the file NAME.pub that nodeseed keygen -o NAME made, or another public key in PEM.',
  },
} as const
