import type { KeyObject } from 'node:crypto'
import type { TrustMaterial } from '@sigstore/verify'
import type { Digest } from '../../oci/digest.ts'

/** What a policy file asks of images. */
export interface ImagePolicies {
  readonly policies: readonly ImagePolicy[]
  /** What becomes of an image that no policy covers. */
  readonly noMatch: 'deny' | 'warn' | 'allow'
}

/** A ClusterImagePolicy. An image has to satisfy every policy that covers it, by one of the authorities of each. */
export interface ImagePolicy {
  readonly name: string
  /** Whether one of the names of an image is among its patterns. */
  readonly covers: (names: readonly string[]) => boolean
  readonly mode: 'enforce' | 'warn'
  readonly authorities: readonly Authority[]
}

/** Whose signature is wanted; or, where it is static, what is said of an image without looking for any. */
export type Authority = KeyAuthority | KeylessAuthority | StaticAuthority

/** Which form of signature counts; either where none is named. */
export type SignatureFormat = 'legacy' | 'bundle'

interface CommonAuthority {
  readonly name: string
  readonly format?: SignatureFormat
  /** Of logs, timestamp authorities and certificate authorities those that count here. */
  readonly trust: TrustMaterial
  /** Whether a transparency log has to have seen the signature. */
  readonly needsLog: boolean
  /** Whether a timestamp authority has to have seen the signature. */
  readonly needsTimestamp: boolean
}

export interface KeyAuthority extends CommonAuthority {
  readonly kind: 'key'
  readonly key: KeyObject
  /** The SHA-256 of the key, in DER. */
  readonly fingerprint: Digest
  readonly hash: string
}

export interface KeylessAuthority extends CommonAuthority {
  readonly kind: 'keyless'
  readonly isIdentity: (signer: { readonly subject: string; readonly issuer: string }) => boolean
  /** Whether a log of certificates has to have seen the certificate. */
  readonly needsSct: boolean
}

interface StaticAuthority {
  readonly kind: 'static'
  readonly name: string
  readonly action: 'pass' | 'fail'
  readonly message: string
}
