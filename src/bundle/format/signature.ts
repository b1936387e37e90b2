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
  const key = readKey('private', () => createPrivateKey({ key: privateKey, ...(password && { passphrase: password }) }))
  return sign('sha256', index, key).toString('base64')
}

/** @throws {ExpectedError} INPUT_INVALID when the key cannot be read or is of another kind. */
export function readPublicKey(publicKey: string): KeyObject {
  return readKey('public', () => createPublicKey(publicKey))
}

/** Whether the key made the signature, in the form of `signIndex`. */
export function isSignedBy(publicKey: KeyObject, index: Uint8Array, signature: string): boolean {
  return verify('sha256', index, publicKey, Buffer.from(signature, 'base64'))
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
    problem: 'not PEM',
    hint: 'Name the file NAME.pub that nodeseed keygen -o NAME made, or another public key in PEM.',
  },
} as const
