import type { Digest } from '../../../oci/digest.ts'
import { digestAt, objectAt, wordAt } from './fields.ts'
import { timeAt } from './image-signature.ts'

/** What a reference stands for now and is not taken for, because it has not been seen for long enough (--min-age). */
export interface WaitingImage {
  readonly reference: string
  readonly digest: Digest
  /** When a lock first had to do with that digest; ISO 8601. */
  readonly firstSeen: string
}

/** @throws {ExpectedError} BUNDLE_INVALID, saying where. */
export function parseWaiting(value: unknown, where: string): WaitingImage {
  const { reference, digest, firstSeen } = objectAt(value, where)
  return {
    reference: wordAt(reference, `${where}, reference`),
    digest: digestAt(digest, `${where}, digest`),
    firstSeen: timeAt(firstSeen, `${where}, firstSeen`),
  }
}
