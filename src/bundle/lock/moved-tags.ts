import pLimit from 'p-limit'
import { ExpectedError, endsRun } from '../../errors.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseReference } from '../../oci/reference.ts'
import { countOf } from '../../plural.ts'
import { type ImageFailure, ImagesFailedError } from '../failure.ts'
import type { Lock } from '../format/lock.ts'
import type { ImageSource } from './documents/documents.ts'

/** A tag that stands for another image now than when it was locked. */
export interface MovedTag {
  readonly reference: string
  readonly from: Digest
  readonly to: Digest
}

/** Some tags could not be asked about; of the others it is known whether they have moved. */
export class TagsUnaskedError extends ImagesFailedError {
  readonly moved: readonly MovedTag[]

  constructor(failures: readonly ImageFailure[], total: number, moved: readonly MovedTag[]) {
    super(failures, total, 'could not be asked about', {
      hint: `Fix the errors above and check again; of the others, ${countOf(moved.length, 'tag')} moved.`,
    })
    this.moved = moved
  }
}

/** Asks the registry what each tag of a lock stands for now. What was asked for by digest cannot move. */
export async function findMovedTags(
  { images }: Lock,
  source: Pick<ImageSource, 'resolve'>,
  { concurrency = 8 } = {},
): Promise<{ moved: readonly MovedTag[]; failures: readonly ImageFailure[] }> {
  const failures: ImageFailure[] = []
  const found = await pLimit(concurrency).map(images, async ({ reference, target }) => {
    const parsed = parseReference(reference)
    if (parsed.digest) return undefined
    try {
      const { digest } = await source.resolve(parsed)
      return digest === target.digest ? undefined : { reference, from: target.digest, to: digest }
    } catch (error) {
      if (!(error instanceof ExpectedError) || endsRun(error)) throw error
      failures.push({ reference, error })
      return undefined
    }
  })
  return { moved: found.filter((tag) => tag !== undefined), failures }
}
