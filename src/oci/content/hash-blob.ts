import { type Digest, hashChunks, splitDigest } from '../digest.ts'
import type { Content } from './content.ts'

/**
 * What a blob's bytes hash to now, by the algorithm of its digest. `onBytes` hears of what was hashed.
 *
 * @throws {ExpectedError} BLOB_UNKNOWN, and what reading throws
 */
export async function hashBlob(content: Content, digest: Digest, onBytes?: (count: number) => void): Promise<Digest> {
  if (content.hashBlob) return content.hashBlob(digest, onBytes)
  return hashChunks(content.openBlob(digest, { reuse: true }), splitDigest(digest).algorithm, onBytes)
}
