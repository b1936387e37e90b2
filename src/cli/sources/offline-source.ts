import type { BlobSource } from '../../bundle/fill/fill.ts'
import { ExpectedError } from '../../errors.ts'

/** No registry: what no place has cannot be had. */
export const OFFLINE: BlobSource = {
  async readBlob(_repository, { digest }) {
    throw new ExpectedError(
      'BLOB_UNKNOWN',
      `blob ${digest} is in none of the places that were named, or damaged there`,
      {
        hint: 'Check them with: nodeseed verify FILE; name another one with --from; or leave --offline out.',
      },
    )
  },
}
