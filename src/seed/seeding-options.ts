import type { GuardAction } from './guard/guard-images.ts'
import type { MethodName } from './methods/methods.ts'
import type { PlacementMode } from './placement/placement.ts'

/** What an operator decides about seeding. */
export interface SeedingOptions {
  /** Name of the seed sets; first part of their labels. */
  readonly set: string
  /** Domain of those labels. */
  readonly labelDomain: string
  readonly namespace: string
  /** Absolute path of the bundle on every node. */
  readonly bundlePath: string
  readonly sandboxImage: string | undefined
  /** Seconds between two checks of a seeded node. */
  readonly interval: number
  /** Text of the node script. */
  readonly script: string
  /** Default: eligible. */
  readonly placement?: PlacementMode
  /** With `minimal`: nodes for each workload. Default: 1. */
  readonly spread?: number
  /** The method that was asked for, by the name of the node; else what fits the node. */
  readonly methodFor?: ((node: string) => MethodName | undefined) | undefined
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
  /** What admission does with pods whose images are not in the bundle. Default: nothing. */
  readonly guard?: GuardAction | undefined
  /** Namespaces, besides those of the workloads, in which operators will make pods: of resources that name images. */
  readonly operatorNamespaces?: readonly string[]
  /** Whether nodes also publish their labels through Node Feature Discovery. */
  readonly nfd?: boolean
  /** Compressed bytes that no node may exceed. Default: no limit but its disk. */
  readonly maxBytes?: number
}
