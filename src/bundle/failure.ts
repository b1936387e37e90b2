import { ExpectedError } from '../errors.ts'
import { countOf } from '../plural.ts'

/** An image that could not be had, and why. */
export interface ImageFailure {
  readonly reference: string
  readonly error: ExpectedError
}

/** One error for all images that failed: a run goes past each of them and reports them together, each hint once. */
export function imagesFailed(
  failures: readonly ImageFailure[],
  total: number,
  problem = 'cannot be had',
): ExpectedError {
  const hinted = new Set<string>()
  const lines = failures.flatMap(({ reference, error }) => {
    const line = `  ${reference}: ${error.message.replace(`image ${reference}: `, '').replace(`${reference}: `, '')} [${error.code}]`
    if (!error.hint || hinted.has(error.hint)) return [line]
    hinted.add(error.hint)
    return [line, `    try: ${error.hint}`]
  })
  const count = `${failures.length} of ${countOf(total, 'image')} ${problem}`
  return new ExpectedError('IMAGES_FAILED', [count, ...lines].join('\n'), {
    hint: 'Mend what is said above and run the same command again: it goes on with what has arrived.',
  })
}
