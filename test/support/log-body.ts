import { createHash, createPublicKey, X509Certificate } from 'node:crypto'

/** What a log keeps of a signature, by the kind of entry. `pem` is the certificate or the key that it was checked with. */
export interface Logged {
  readonly payload: Buffer
  /** The bytes that the signature is over. */
  readonly signed: Buffer
  /** In base64. */
  readonly signature: string
  readonly pem: string
}

export type EntryKind = keyof typeof SPECS

export const ENTRY_KINDS = [
  'hashedrekord 0.0.1',
  'hashedrekord 0.0.2',
  'dsse 0.0.1',
  'dsse 0.0.2',
  'intoto 0.0.2',
] as const

const base64 = (text: string) => Buffer.from(text).toString('base64')
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
const sha256 = (bytes: Buffer) => ({ algorithm: 'sha256', value: hash(bytes).toString('hex') })
const sha2 = (bytes: Buffer) => ({ algorithm: 'SHA2_256', digest: hash(bytes).toString('base64') })

const SPECS = {
  'hashedrekord 0.0.1': ({ signed, signature, pem }: Logged) => ({
    data: { hash: sha256(signed) },
    signature: { content: signature, publicKey: { content: base64(pem) } },
  }),
  'hashedrekord 0.0.2': ({ signed, signature, pem }: Logged) => ({
    hashedRekordV002: { data: sha2(signed), signature: { content: signature, verifier: verifierOf(pem) } },
  }),
  'dsse 0.0.1': ({ payload, signature, pem }: Logged) => ({
    payloadHash: sha256(payload),
    signatures: [{ signature, verifier: base64(pem) }],
  }),
  'dsse 0.0.2': ({ payload, signature, pem }: Logged) => ({
    dsseV002: { payloadHash: sha2(payload), signatures: [{ content: signature, verifier: verifierOf(pem) }] },
  }),
  'intoto 0.0.2': ({ payload, signature, pem }: Logged) => ({
    content: {
      envelope: { signatures: [{ sig: base64(signature), publicKey: base64(pem) }] },
      payloadHash: sha256(payload),
    },
  }),
}

export function logBody(entry: EntryKind, logged: Logged): Buffer {
  const [kind, apiVersion] = entry.split(' ')
  return Buffer.from(JSON.stringify({ apiVersion, kind, spec: SPECS[entry](logged) }))
}

function verifierOf(pem: string): object {
  const keyDetails = 'PKIX_ECDSA_P256_SHA_256'
  if (pem.includes('CERTIFICATE')) {
    return { x509Certificate: { rawBytes: new X509Certificate(pem).raw.toString('base64') }, keyDetails }
  }
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return { publicKey: { rawBytes: der.toString('base64') }, keyDetails }
}
