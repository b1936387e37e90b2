import { type Digest, splitDigest } from './digest.ts'

/** Where a blob stands in an OCI image layout. */
export function blobName(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest)
  return `blobs/${algorithm}/${hex}`
}
