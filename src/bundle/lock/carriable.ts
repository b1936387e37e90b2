import { ExpectedError } from '../../errors.ts'
import { blobName } from '../../oci/content/image-layout.ts'
import type { Digest } from '../../oci/digest.ts'
import { fitsHeader } from '../format/tar-header.ts'

/** Whether a bundle has room for the names of these blobs. */
export function isCarriable(blobs: readonly { readonly digest: Digest }[]): boolean {
  return blobs.every(({ digest }) => fitsHeader(blobName(digest)))
}

/**
 * Makes sure, before anything is downloaded, that a bundle has room for the names of these blobs: for sha512 it has none.
 *
 * @throws {ExpectedError} UNSUPPORTED
 */
export function assertCarriable(what: string, blobs: readonly { readonly digest: Digest }[]): void {
  const long = blobs.find((blob) => !isCarriable([blob]))
  if (!long) return
  throw new ExpectedError(
    'UNSUPPORTED',
    `${what}: its part ${long.digest} has a digest that is too long for a bundle`,
    {
      hint: 'Push the image again with sha256 digests, which every registry and runtime reads.',
    },
  )
}
