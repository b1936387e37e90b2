import { SEEDED } from '../../bundle/format/seed-set.ts'
import { ExpectedError } from '../../errors.ts'
import { isLabelKey } from '../../kubernetes/objects/label.ts'

/** A node label, as both `kubectl label` and a nodeSelector take it. */
export interface SeedLabel {
  readonly key: string
  readonly value: string
}

const DEFAULT_DOMAIN = 'nodeseed.dev'

/**
 * The label of a node that holds a seed set: `<set>.<domain>/<digest>: seeded`. The digest is in the key, so that a node
 * can hold an old and a new set during a rollout.
 *
 * @throws {ExpectedError} USAGE when Kubernetes would refuse the key.
 */
export function seedLabel(set: string, digest: string, domain = DEFAULT_DOMAIN): SeedLabel {
  const key = `${set}.${domain}/${digest}`
  if (/^[a-z0-9-]+$/.test(set) && isLabelKey(key)) return { key, value: SEEDED }
  throw new ExpectedError('USAGE', `not the key of a label: ${JSON.stringify(key)}`, {
    hint: 'Give --set-name a word of lower-case letters, digits and dashes, and --label-prefix a domain such as example.com.',
  })
}
