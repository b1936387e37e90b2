import { createHash, type KeyObject, verify } from 'node:crypto'
import type { SignedEntity } from '@sigstore/verify'

/** A signature over bytes as they are, which is how cosign signs the payload beside an image. */
export class PayloadSignature implements Pick<SignedEntity, 'signature'> {
  readonly signature: SignedEntity['signature']

  constructor(payload: Buffer, signature: Buffer, hash: string) {
    const isPayload = (digest: Buffer) => createHash('sha256').update(payload).digest().equals(digest)
    this.signature = {
      signature,
      compareSignature: (other) => signature.equals(other),
      compareDigest: isPayload,
      compareSignedDigest: isPayload,
      verifySignature: (key) => isMadeBy(key, payload, signature, hash),
    }
  }
}

/** The kind of key decides what is computed, never what the signature says of itself. */
function isMadeBy(key: KeyObject, payload: Buffer, signature: Buffer, hash: string): boolean {
  try {
    return verify(key.asymmetricKeyType === 'ed25519' ? null : hash, payload, key, signature)
  } catch {
    return false
  }
}
