import type { KeyObject } from 'node:crypto'
import { type Bundle, bundleFromJSON, isBundleWithDsseEnvelope } from '@sigstore/bundle'
import { dsse } from '@sigstore/core'
import { toSignedEntity } from '@sigstore/verify'
import { type Digest, isDigest } from '../../oci/digest.ts'
import { parseJson } from '../../oci/json.ts'
import type { Candidate } from './candidate.ts'
import { PayloadSignature } from './payload-signature.ts'

/** The media types of Sigstore bundles, of any version. */
export function isSigstoreBundle(mediaType: string): boolean {
  return /^application\/vnd\.dev\.sigstore\.bundle[.+]/.test(mediaType)
}

const IN_TOTO = 'application/vnd.in-toto+json'
/** The predicate by which a statement says that an image is signed; others, such as provenance, say something of it. */
const SIGNED = 'https://sigstore.dev/cosign/sign/v1'

/**
 * A signature as cosign attaches it since its third version: a Sigstore bundle around a statement of in-toto. Undefined for
 * a statement that is no signature, such as an SBOM.
 * Source: sigstore/cosign, specs/BUNDLE_SPEC.md; in-toto/attestation, spec/v1.
 *
 * @throws an error that says what is wrong with it
 */
export function readSigstoreBundle(manifest: Digest, bytes: Buffer): Candidate | undefined {
  const bundle = bundleFromJSON(parseJson(bytes))
  if (!isBundleWithDsseEnvelope(bundle)) throw new Error('it holds no statement, so nothing says which image it is for')
  const { payloadType, payload } = bundle.content.dsseEnvelope
  if (payloadType !== IN_TOTO) throw new Error(`its statement is of the type ${JSON.stringify(payloadType)}`)
  const { predicateType, subject } = parseJson(payload) as { predicateType?: unknown; subject?: unknown }
  if (predicateType !== SIGNED) return undefined
  const { signature, tlogEntries, timestamps } = toSignedEntity(bundle)
  const signed = { payload, bytes: dsse.preAuthEncoding(payloadType, payload), signature: signature.signature }
  const certificate = certificateOf(bundle.verificationMaterial.content)
  return {
    ...{ format: 'bundle', manifest, signs: subjectsOf(subject) },
    content: (hash) => new PayloadSignature(signed, (key) => [hash, ...hashOfCurve(key)]).signature,
    ...(certificate && { certificate: Buffer.from(certificate) }),
    tlogEntries,
    timestamps,
  }
}

/** What cosign hashes with since its third version where nobody names an algorithm. */
function hashOfCurve({ asymmetricKeyDetails }: KeyObject): string[] {
  if (asymmetricKeyDetails?.namedCurve === 'secp384r1') return ['sha384']
  return asymmetricKeyDetails?.namedCurve === 'secp521r1' ? ['sha512'] : []
}

function certificateOf(content: Bundle['verificationMaterial']['content']): Buffer | undefined {
  if (content.$case === 'certificate') return content.certificate.rawBytes
  return content.$case === 'x509CertificateChain' ? content.x509CertificateChain.certificates[0]?.rawBytes : undefined
}

function subjectsOf(subject: unknown): Digest[] {
  const subjects: unknown[] = Array.isArray(subject) ? subject : []
  return subjects.flatMap((one) => {
    const { digest } = (one ?? {}) as { digest?: Record<string, unknown> }
    return Object.entries(digest ?? {}).flatMap(([algorithm, hex]) => {
      const text = `${algorithm}:${String(hex)}`
      return isDigest(text) ? [text] : []
    })
  })
}
