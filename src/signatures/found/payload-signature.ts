import { createHash, type KeyObject, verify } from 'node:crypto'
import type { SignedEntity } from '@sigstore/verify'

interface Signed {
  readonly payload: Buffer
  /** The bytes that the signature is over, where they are more than the payload. */
  readonly bytes?: Buffer
  readonly signature: Buffer
}

/** A signature over a payload, by a key that hashes in one of some ways. */
export class PayloadSignature implements Pick<SignedEntity, 'signature'> {
  readonly signature: SignedEntity['signature']

  constructor({ payload, bytes = payload, signature }: Signed, hashesOf: (key: KeyObject) => readonly string[]) {
    this.signature = {
      signature,
      compareSignature: (other) => signature.equals(other),
      compareDigest: (digest) => isHash(digest, payload),
      compareSignedDigest: (digest) => isHash(digest, bytes),
      verifySignature: (key) => hashesOf(key).some((hash) => isMadeBy(key, bytes, signature, hash)),
    }
  }
}

/** Logs name what is signed by the hash that was signed. */
const HASH_OF_LENGTH: Readonly<Record<number, string>> = { 32: 'sha256', 48: 'sha384', 64: 'sha512' }

function isHash(digest: Buffer, bytes: Buffer): boolean {
  const algorithm = HASH_OF_LENGTH[digest.length]
  return algorithm !== undefined && createHash(algorithm).update(bytes).digest().equals(digest)
}

/** The kind of key decides what is computed, never what the signature says of itself. */
function isMadeBy(key: KeyObject, bytes: Buffer, signature: Buffer, hash: string): boolean {
  try {
    return verify(key.asymmetricKeyType === 'ed25519' ? null : hash, bytes, key, signature)
  } catch {
    return false
  }
}
