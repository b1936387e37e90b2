import type { GuardAction } from './guard/guard-images.ts'
import type { MethodName } from './methods/methods.ts'
import type { SeedingPodOptions } from './output/seeding.ts'
import type { Rendering } from './patch/patch-target.ts'
import type { PlacementMode } from './placement/placement.ts'
import type { PreviousSeeding } from './previous/previous-seeding.ts'

/** What an operator decides about seeding. */
export interface SeedingOptions extends SeedingPodOptions {
  /** Domain of the labels of the seed sets. */
  readonly labelDomain: string
  readonly sandboxImage: string | undefined
  /** Text of the node script. */
  readonly script: string
  /** Default: eligible. */
  readonly placement?: PlacementMode
  /** Select nodes by pool: what is alike in these labels, besides platform and role. Default: by name. */
  readonly poolLabels?: readonly string[] | undefined
  /** With `minimal`: nodes for each workload. Default: 1. */
  readonly spread?: number
  /** The method that was asked for, by the name of the node; else what fits the node. */
  readonly methodFor?: ((node: string) => MethodName | undefined) | undefined
  /** What admission does with pods whose images are not in the bundle. Default: nothing. */
  readonly guard?: GuardAction | undefined
  /** Namespaces, besides those of the workloads, in which operators will make pods: of resources that name images. */
  readonly operatorNamespaces?: readonly string[]
  /** Whether nodes also publish their labels through Node Feature Discovery. */
  readonly nfd?: boolean
  /** How the documents of a file came about, which patches of its workloads depend on. Default: as they are. */
  readonly renderingOf?: (file: string) => Rendering
  /** What the cluster runs until this one takes its place. */
  readonly previous?: PreviousSeeding | undefined
  /** Compressed bytes that no node may exceed. Default: no limit but its disk. */
  readonly maxBytes?: number
}
