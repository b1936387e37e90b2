import { ImagesFailedError } from '../../bundle/failure.ts'
import { type Remaining, withoutLost } from '../../bundle/fill/lost.ts'

/** Each time something else is lost; what is lost once is asked for no more. */
const MAX_TRIES = 20

/**
 * Makes a bundle, and where parts of it cannot be had, makes it once more without them, as far as that is allowed. What
 * arrived is not asked for again.
 *
 * @throws {ExpectedError} what `make` throws
 */
export async function withoutWhatIsLost<T>(
  whole: Remaining,
  mayMiss: boolean,
  make: (rest: Remaining) => Promise<T>,
): Promise<T> {
  let rest = whole
  for (let tries = 1; ; tries++) {
    try {
      return await make(rest)
    } catch (error) {
      const isLost = error instanceof ImagesFailedError && error.blobs.size > 0 && tries < MAX_TRIES
      const next = isLost ? withoutLost(rest.lock, error.blobs, { mayMiss }) : undefined
      if (!next) throw error
      rest = { lock: next.lock, leftOut: [...rest.leftOut, ...next.leftOut] }
    }
  }
}
