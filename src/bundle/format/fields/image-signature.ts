import type { Digest } from '../../../oci/digest.ts'
import { digestAt, invalid, lineAt, objectAt, wordAt } from './fields.ts'

/** A signature that was checked when the image was locked, and who made it. */
export interface ImageSignature {
  /** The policy that asks for it, and which of its authorities it satisfies. */
  readonly policy: string
  readonly authority: string
  readonly by: SignedByKey | SignedByIdentity
  /** When it was made, by a log or a timestamp authority that the policy trusts; ISO 8601. Its own claim is no time. */
  readonly time?: string
  /** What is attached to the image and holds it. */
  readonly manifest: Digest
  /** The name that it was made for, `domain/path`, where that is another one. */
  readonly signedAs?: string
}

interface SignedByKey {
  /** The SHA-256 of the public key, in DER. */
  readonly key: Digest
}

interface SignedByIdentity {
  /** Who a certificate says that it was, and who told its authority so. */
  readonly subject: string
  readonly issuer: string
}

/** @throws {ExpectedError} BUNDLE_INVALID, saying where. */
export function parseSignature(value: unknown, where: string): ImageSignature {
  const { policy, authority, by, time, manifest, signedAs } = objectAt(value, where)
  return {
    policy: wordAt(policy, `${where}, policy`),
    authority: wordAt(authority, `${where}, authority`),
    by: parseSigner(by, `${where}, by`),
    ...(time !== undefined && { time: timeAt(time, `${where}, time`) }),
    manifest: digestAt(manifest, `${where}, manifest`),
    ...(signedAs !== undefined && { signedAs: wordAt(signedAs, `${where}, signedAs`) }),
  }
}

function parseSigner(value: unknown, where: string): ImageSignature['by'] {
  const { key, subject, issuer } = objectAt(value, where)
  if (key !== undefined) return { key: digestAt(key, `${where}, key`) }
  return { subject: lineAt(subject, `${where}, subject`), issuer: lineAt(issuer, `${where}, issuer`) }
}

/** A moment in UTC, whole seconds: `2026-11-27T21:35:20Z`. */
export function timeAt(value: unknown, where: string): string {
  const text = wordAt(value, where)
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text) ? new Date(text) : undefined
  if (time && !Number.isNaN(time.getTime()) && formatTime(time) === text) return text
  throw invalid(where, 'expected a time such as 2026-11-27T21:35:20Z')
}

/** A moment as a lock has it. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}
