import { X509Certificate as NodeCertificate } from 'node:crypto'
import { X509Certificate } from '@sigstore/core'
import { type SignedEntity, type Signer, type TrustMaterial, Verifier } from '@sigstore/verify'
import { formatTime, type ImageSignature } from '../../bundle/format/fields/image-signature.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Candidate } from '../found/candidate.ts'
import type { KeyAuthority, KeylessAuthority } from '../policy/image-policy.ts'
import { isLoggedFor, type Verified } from './log-entry.ts'
import { signerOf } from './signer.ts'

/** What of a signature goes into the lock, or why it is none that counts. */
export type Checked = Pick<ImageSignature, 'by' | 'time'> | { readonly problem: string }

/** The purpose for which a certificate has to be made: code signing. Source: RFC 5280, 4.2.1.12. */
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3'
/** How far clocks may be apart. */
const LEEWAY_MS = 5 * 60_000

/** Whether a candidate is a signature of that digest by that authority. `now` is when that is asked. */
export function checkCandidate(
  candidate: Candidate,
  authority: KeyAuthority | KeylessAuthority,
  { digest, now }: { digest: Digest; now: Date },
): Checked {
  const { format, signs } = candidate
  if (!signs.includes(digest)) return { problem: `it signs ${signs[0] ?? 'nothing'}, and not this image` }
  if (authority.format && authority.format !== format) return { problem: `it is of the format ${format}` }
  try {
    return authority.kind === 'key' ? byKey(candidate, authority, now) : byIdentity(candidate, authority, now)
  } catch (error) {
    return { problem: problemOf(error) }
  }
}

function byKey(candidate: Candidate, authority: KeyAuthority, now: Date): Checked {
  const { key, fingerprint, hash, trust } = authority
  const time = verify(
    { ...seen(candidate, authority), signature: candidate.content(hash), key: { $case: 'public-key', hint: '' } },
    { ...trust, publicKey: () => ({ publicKey: key, validFor: () => true }) },
    { authority, now, needsSct: false, verified: { key } },
  ).time
  return { by: { key: fingerprint }, ...(time && { time: formatTime(time) }) }
}

function byIdentity(candidate: Candidate, authority: KeylessAuthority, now: Date): Checked {
  const { certificate: der } = candidate
  if (!der) return { problem: 'it comes without a certificate' }
  const uses = new NodeCertificate(der).keyUsage as readonly string[] | undefined
  if (!uses?.includes(CODE_SIGNING)) return { problem: 'its certificate is not one for signing code' }
  const certificate = X509Certificate.parse(der)
  const entity: SignedEntity = {
    ...seen(candidate, authority),
    signature: candidate.content('sha256'),
    key: { $case: 'certificate', certificate },
  }
  const asked = { authority, now, needsSct: authority.needsSct, verified: { certificate: der } }
  const { signer, time } = verify(entity, authority.trust, asked)
  const by = signerOf(signer)
  if (!authority.isIdentity(by)) return { problem: `it is by ${by.subject} (${by.issuer})` }
  return { by, ...(time && { time: formatTime(time) }) }
}

/** Of the logs and timestamps of a candidate those that the authority asks for: others are nobody that it trusts. */
function seen(
  { tlogEntries, timestamps }: Candidate,
  { needsLog, needsTimestamp }: KeyAuthority | KeylessAuthority,
): Pick<SignedEntity, 'tlogEntries' | 'timestamps'> {
  return {
    tlogEntries: needsLog ? tlogEntries : [],
    timestamps: timestamps.filter((stamp) => {
      if (stamp.$case === 'timestamp-authority') return needsTimestamp
      // Only a promise is signed together with the time.
      return needsLog && stamp.tlogEntry.inclusionPromise !== undefined
    }),
  }
}

interface Asked {
  readonly authority: KeyAuthority | KeylessAuthority
  readonly now: Date
  readonly needsSct: boolean
  readonly verified: Verified
}

/** The library's answer, and the time by those who saw the signature; where nobody did, now is when it has to be valid. */
function verify(
  entity: SignedEntity,
  trust: TrustMaterial,
  { authority: { kind, needsLog, needsTimestamp }, now, needsSct, verified }: Asked,
): { signer: Signer; time: Date | undefined } {
  const times = entity.timestamps.map(timeOf)
  if (times.some((time) => time.getTime() > now.getTime() + LEEWAY_MS)) throw new Error('it is dated in the future')
  const stamps = entity.timestamps.filter(({ $case }) => $case === 'timestamp-authority').length
  if (needsTimestamp && stamps === 0) throw new Error('no timestamp authority has seen it')
  if (needsLog && entity.tlogEntries.length === 0) throw new Error('no transparency log has seen it')
  const isUndated = kind === 'keyless' && times.length === 0
  if (isUndated && needsLog) throw new Error('its log says no time, and no timestamp authority does')
  const dated = isUndated ? { ...entity, timestamps: [at(now)] } : entity
  const signer = new Verifier(trust, {
    ctlogThreshold: needsSct ? 1 : 0,
    tlogThreshold: needsLog ? 1 : 0,
    timestampThreshold: kind === 'keyless' ? 1 : 0,
  }).verify(dated)
  if (!entity.tlogEntries.every((entry) => isLoggedFor(entry, verified))) {
    throw new Error('what the log has seen is of another certificate or key')
  }
  return { signer, time: times.toSorted((a, b) => a.getTime() - b.getTime())[0] }
}

function timeOf(stamp: SignedEntity['timestamps'][number]): Date {
  if (stamp.$case === 'timestamp-authority') return stamp.timestamp.signingTime
  return new Date(Number(stamp.tlogEntry.integratedTime) * 1000)
}

/** The library takes a time only from an entry of a log; what it checks of that entry is the list of entries. */
function at(now: Date): SignedEntity['timestamps'][number] {
  const seconds = String(Math.floor(now.getTime() / 1000))
  const tlogEntry = { integratedTime: seconds, inclusionPromise: {}, logId: { keyId: Buffer.alloc(0) } }
  return { $case: 'transparency-log', tlogEntry: tlogEntry as never }
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be checked'
  const { cause, message } = error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
