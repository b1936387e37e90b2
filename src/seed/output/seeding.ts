import type { Lock } from '../../bundle/format/lock.ts'
import type { NodeGroup } from '../nodes/node-group.ts'

/** What an operator decides about the seeding pods. */
export interface SeedingPodOptions {
  /** Name of the seed sets; first part of their labels. */
  readonly set: string
  readonly namespace: string
  /** Absolute path of the bundle on every node. */
  readonly bundlePath: string
  /** Seconds between two checks of a seeded node. */
  readonly interval: number
  /** Pull from this registry, which serves the bundle, instead of reading a file. */
  readonly registry?: string | undefined
  /** The authorities (PEM) that the registry's certificate is checked with. Default: those that nodes know. */
  readonly registryCa?: string | undefined
  /** Name of a Secret of docker's configuration, with the credentials for the registry. Default: none are sent. */
  readonly pullSecret?: string | undefined
  /** How many nodes, or what share of them, seed at the same time after a change. Default: 25%. */
  readonly maxUnavailable?: string | undefined
  /** Whether nodes drop what earlier sets of the same name brought. */
  readonly prune?: boolean
}

/** What the seeding pods of all groups have in common. */
export interface Seeding extends SeedingPodOptions {
  /** All that the bundle holds. */
  readonly bundle: Lock
  /** Digest of the node script: a changed script makes new pods. */
  readonly scriptDigest: string
}

/** A group of nodes, and what these nodes are to hold together. */
export interface SeededGroup extends NodeGroup {
  readonly lock: Lock
  /** Keys of the labels that these nodes have once they are seeded. */
  readonly labels?: readonly string[]
  /** Compressed, each blob once. */
  readonly bytes?: number
  /** `key=value` that these nodes publish through Node Feature Discovery once they are seeded. */
  readonly features?: readonly string[]
}
