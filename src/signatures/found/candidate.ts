import type { SignedEntity } from '@sigstore/verify'
import type { Digest } from '../../oci/digest.ts'
import type { SignatureFormat } from '../policy/image-policy.ts'

/** Something that says to be the signature of an image, taken apart; nothing of it is checked yet. */
export interface Candidate {
  readonly format: SignatureFormat
  /** What is attached to the image and holds it. */
  readonly manifest: Digest
  /** The manifests or indexes that it signs. */
  readonly signs: readonly Digest[]
  /** The image that it was made for, by name, where its form has one. */
  readonly name?: string
  /** The same with the tag and the digest that it had. */
  readonly reference?: string
  /** The signed bytes and the signature over them, for a key that hashes so. */
  readonly content: (hash: string) => SignedEntity['signature']
  /** The certificate of whoever signed, in DER, where there is one. */
  readonly certificate?: Buffer<ArrayBuffer>
  readonly tlogEntries: SignedEntity['tlogEntries']
  readonly timestamps: SignedEntity['timestamps']
}

/** Something that looks like a signature and is none, and why. */
export interface Unreadable {
  readonly manifest: Digest
  readonly problem: string
}

export interface FoundSignatures {
  readonly candidates: readonly Candidate[]
  readonly unreadable: readonly Unreadable[]
}
