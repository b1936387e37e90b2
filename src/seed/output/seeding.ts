import type { Lock } from '../../bundle/format/lock.ts'
import type { NodeGroup } from '../nodes/node-group.ts'
import type { SeedingOptions } from '../seeding-options.ts'

type SharedOptions =
  | 'namespace'
  | 'set'
  | 'bundlePath'
  | 'registry'
  | 'registryCa'
  | 'pullSecret'
  | 'prune'
  | 'maxUnavailable'
  | 'interval'

/** What the seeding pods of all groups have in common. */
export interface Seeding extends Pick<SeedingOptions, SharedOptions> {
  /** All that the bundle holds. */
  readonly bundle: Lock
  /** Digest of the node script: a changed script makes new pods. */
  readonly scriptDigest: string
}

/** A group of nodes, and what these nodes are to hold together. */
export interface SeededGroup extends NodeGroup {
  readonly lock: Lock
  /** `key=value` that these nodes publish through Node Feature Discovery once they are seeded. */
  readonly features?: readonly string[]
}
