import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { Entry } from '@sigstore/protobuf-specs/rekor/v2'
import type { SignedEntity } from '@sigstore/verify'
import { parseJson } from '../../oci/json.ts'

/** Whose signature was verified: the certificate of an identity, or the key of a policy. */
export type Verified = { readonly certificate: Uint8Array } | { readonly key: KeyObject }

/**
 * Whether an entry of a log was made for the signature of that certificate or key. The library compares the signature and
 * the hash of what is signed, not by whom: the same signature, logged once more with another certificate, would lend its time.
 * Source: sigstore/rekor, pkg/types (hashedrekord, dsse, intoto); sigstore/rekor-tiles, api/proto.
 */
export function isLoggedFor({ canonicalizedBody }: SignedEntity['tlogEntries'][number], verified: Verified): boolean {
  const verifier = verifierOf(parseJson(canonicalizedBody))
  if ('certificate' in verified) {
    return verifier instanceof X509Certificate && verifier.raw.equals(verified.certificate)
  }
  // With a key and a certificate of it cosign logs the certificate.
  const key = verifier instanceof X509Certificate ? verifier.publicKey : verifier
  return verified.key.equals(key)
}

/** With what the log has checked the signature. */
function verifierOf(body: unknown): X509Certificate | KeyObject {
  const { kind, apiVersion, spec } = body as { kind?: unknown; apiVersion?: unknown; spec?: unknown }
  switch (`${kind} ${apiVersion}`) {
    case 'hashedrekord 0.0.1':
      return fromPem((spec as { signature?: { publicKey?: { content?: unknown } } }).signature?.publicKey?.content)
    case 'dsse 0.0.1':
      return fromPem((spec as { signatures?: { verifier?: unknown }[] }).signatures?.[0]?.verifier)
    case 'intoto 0.0.2':
      return fromPem((spec as IntotoSpec).content?.envelope?.signatures?.[0]?.publicKey)
    case 'hashedrekord 0.0.2':
    case 'dsse 0.0.2':
      return fromDer(Entry.fromJSON(body))
    default:
      throw new Error(`its entry of a log is of the kind ${kind} ${apiVersion}`)
  }
}

interface IntotoSpec {
  readonly content?: { readonly envelope?: { readonly signatures?: { readonly publicKey?: unknown }[] } }
}

function fromPem(base64: unknown): X509Certificate | KeyObject {
  const pem = Buffer.from(String(base64), 'base64')
  return pem.includes('-----BEGIN CERTIFICATE-----') ? new X509Certificate(pem) : createPublicKey(pem)
}

function fromDer({ spec }: Entry): X509Certificate | KeyObject {
  const signed =
    spec?.spec?.$case === 'hashedRekordV002' ? spec.spec.hashedRekordV002.signature : spec?.spec?.dsseV002.signatures[0]
  const verifier = signed?.verifier?.verifier
  if (verifier?.$case === 'x509Certificate') return new X509Certificate(verifier.x509Certificate.rawBytes)
  if (verifier?.$case === 'publicKey') {
    return createPublicKey({ key: verifier.publicKey.rawBytes, format: 'der', type: 'spki' })
  }
  throw new Error('its entry of a log does not say whose signature it is')
}
