import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Digest, digestOf } from '../../oci/digest.ts'

/** Curves that cosign signs with. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1']
const MIN_RSA_BITS = 2048
/** A key of any kind, and one of RSA in the older form of PKCS#1; cosign reads both. */
const LABELS = ['PUBLIC KEY', 'RSA PUBLIC KEY']

/** A public key of a policy, or what is wrong with the text. */
export type ReadKey = { readonly key: KeyObject; readonly fingerprint: Digest } | { readonly problem: string }

/**
 * One public key in PEM: ECDSA, RSA or ed25519. Node takes whatever has one in it, such as a certificate or the private
 * half; this does not.
 */
export function readPolicyKey(text: string): ReadKey {
  const labels = [...text.matchAll(/^-----BEGIN ([^-\r\n]*)-----/gm)].map(([, label]) => label)
  if (labels.some((label) => label?.endsWith('PRIVATE KEY')))
    return { problem: 'is a private key: its public half belongs here' }
  if (labels.length !== 1 || !LABELS.includes(labels[0] ?? '')) return { problem: 'is not one PUBLIC KEY in PEM' }
  let key: KeyObject
  try {
    key = createPublicKey(text)
  } catch {
    return { problem: 'is a public key that cannot be read' }
  }
  const problem = weaknessOf(key)
  return problem ? { problem } : { key, fingerprint: digestOf(key.export({ type: 'spki', format: 'der' })) }
}

function weaknessOf({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject): string | undefined {
  if (type === 'ed25519') return undefined
  if (type === 'ec')
    return CURVES.includes(details.namedCurve ?? '') ? undefined : `is on the curve ${details.namedCurve}`
  if (type !== 'rsa') return `is of the kind ${type}, with which cosign does not sign`
  const bits = details.modulusLength ?? 0
  return bits >= MIN_RSA_BITS ? undefined : `is an RSA key of ${bits} bits, which can be forged`
}
