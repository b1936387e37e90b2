import { ExpectedError } from '../../errors.ts'
import { PULL_POLICIES, type PullPolicy } from '../../kubernetes/objects/pull-policy.ts'
import { closest } from '../output/closest.ts'

/**
 * Reads the comma list of `--policy`.
 *
 * @throws {ExpectedError} USAGE, naming the word that is no policy.
 */
export function parsePolicies(list: string): PullPolicy[] {
  return list.split(',').map((word) => {
    const policy = PULL_POLICIES.find((known) => known === word.trim())
    if (policy) return policy
    const meant = closest(word.trim(), PULL_POLICIES)
    throw new ExpectedError('USAGE', `--policy: not a pull policy: ${JSON.stringify(word)}`, {
      hint: meant ? `Did you mean ${meant}?` : `Write a comma list of ${PULL_POLICIES.join(', ')}.`,
    })
  })
}
