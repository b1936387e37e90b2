import { X509Certificate } from 'node:crypto'
import { RFC3161Timestamp } from '@sigstore/core'
import { TransparencyLogEntry } from '@sigstore/protobuf-specs'
import { type Digest, isDigest } from '../../oci/digest.ts'
import { parseJson } from '../../oci/json.ts'
import { findReference, formatReference, type Reference, repositoryName } from '../../oci/reference.ts'
import type { Candidate } from './candidate.ts'
import { PayloadSignature } from './payload-signature.ts'

/** The media type of the layers in which cosign keeps what it signed; the signature is among their annotations. */
export const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json'

/** What cosign writes into a payload; a signature of the same key over something else is not one of an image. */
const TYPES = ['cosign container image signature', 'https://sigstore.dev/cosign/sign/v1']
const COSIGN = 'dev.cosignproject.cosign/signature'
const SIGSTORE = 'dev.sigstore.cosign'

/**
 * A signature as cosign attached it until its third version: a payload of "simple signing", the rest in annotations.
 * Source: sigstore/cosign, specs/SIGNATURE_SPEC.md.
 *
 * @throws an error that says what is wrong with it
 */
export function readSimpleSigning(
  manifest: Digest,
  payload: Buffer,
  annotations: Readonly<Record<string, string>>,
): Candidate {
  const { digest, named } = readPayload(payload)
  const signature = decodeBase64(annotations[COSIGN] ?? '')
  if (!signature) throw new Error(`its annotation ${COSIGN} is no base64`)
  const certificate = annotations[`${SIGSTORE}/certificate`]
  const bundle = annotations[`${SIGSTORE}/bundle`]
  const entry = bundle ? logEntry(parseJson(Buffer.from(bundle))) : undefined
  const timestamp = annotations[`${SIGSTORE}/rfc3161timestamp`]
  return {
    ...{ format: 'legacy', manifest, signs: [digest] },
    ...(named && { name: repositoryName(named), reference: formatReference(named) }),
    content: (hash) => new PayloadSignature({ payload, signature }, () => [hash]).signature,
    ...(certificate && { certificate: Buffer.from(new X509Certificate(certificate).raw) }),
    tlogEntries: entry ? [entry] : [],
    timestamps: [
      ...(entry ? [{ $case: 'transparency-log' as const, tlogEntry: entry }] : []),
      ...(timestamp ? [{ $case: 'timestamp-authority' as const, timestamp: readTimestamp(timestamp) }] : []),
    ],
  }
}

function readPayload(payload: Buffer): { digest: Digest; named: Reference | undefined } {
  const { critical } = objectOf(parseJson(payload))
  const { identity, image, type } = objectOf(critical)
  if (!TYPES.includes(type as string)) throw new Error(`what is signed is no image: ${JSON.stringify(type)}`)
  const digest = objectOf(image)['docker-manifest-digest']
  if (!isDigest(digest)) throw new Error('what is signed names no digest')
  const text = objectOf(identity)['docker-reference']
  return { digest, named: typeof text === 'string' ? findReference(text) : undefined }
}

type LogEntry = Candidate['tlogEntries'][number]

/** What cosign keeps of an entry of the log Rekor, in the form of the library. */
function logEntry(value: unknown): LogEntry {
  const { SignedEntryTimestamp: promise, Payload } = objectOf(value)
  const { body, integratedTime, logIndex, logID } = objectOf(Payload)
  if (typeof body !== 'string' || typeof logID !== 'string' || typeof promise !== 'string') {
    throw new Error('its entry of a log cannot be read')
  }
  const { kind, apiVersion } = objectOf(parseJson(Buffer.from(body, 'base64')))
  return TransparencyLogEntry.fromJSON({
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: { kind: String(kind), version: String(apiVersion) },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: promise },
    canonicalizedBody: body,
  }) as LogEntry
}

function readTimestamp(annotation: string): RFC3161Timestamp {
  const { SignedRFC3161Timestamp: text } = objectOf(parseJson(Buffer.from(annotation)))
  if (typeof text !== 'string') throw new Error('its timestamp cannot be read')
  return RFC3161Timestamp.parse(Buffer.from(text, 'base64'))
}

/** base64 in its one spelling. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text.trim() ? bytes : undefined
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Error('it is not made as cosign makes signatures')
}
