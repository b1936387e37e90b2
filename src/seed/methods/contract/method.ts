import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../../bundle/format/lock.ts'
import type { Finding } from '../../../finding.ts'
import type { Platform } from '../../../oci/platform.ts'
import type { GeneratedFile } from '../../files/generated-file.ts'
import type { SeedingRuntime } from './seeding-runtime.ts'

/**
 * How images get onto a node. A method is one file here, one with the same name below `node-script/methods`, where the
 * script does something for it, and a line in the index, `methods.ts`: help texts, README and types follow from these.
 */
export interface Method {
  /** The word that people use for it, as in `--method`. */
  readonly name: string
  /** What else they call it. */
  readonly otherNames?: readonly string[]
  /** The row of README's table that it is in. */
  readonly readme?: { readonly node: string; readonly how: string }
  /** How the node script goes about it; undefined where nodes of this kind are seeded by the script's other methods. */
  readonly script?: ScriptMethod
  /** What `seed` does with nodes; undefined for a method that only works by hand. */
  readonly seeding?: ByPod | OutOfBand
}

export interface ScriptMethod {
  /** A fragment for the help text of the script. */
  readonly does: string
  /** Whether the script looks for it by itself, in the order of the index; else it takes it when it is named. */
  readonly isLookedFor: boolean
  /** Whether `load` offers it. */
  readonly isForLoad: boolean
}

/** A method that a pod carries out on the node. */
export interface ByPod {
  readonly by: 'pod'
  /** Whether this is the method that fits what the kubelet of a node reports, if none before it in the index does. */
  isReportedBy(node: Node): boolean
  /** What the pod works with; undefined where the node has nothing of that kind. */
  runtimeOf(node: Node): SeedingRuntime | undefined
  /** A distribution looks for containerd in a place of its own, so that its method fits no other's nodes. */
  readonly isDistribution?: boolean
  /** What the kubelet's version holds, where a distribution builds its own kubelet. */
  readonly kubeletVersion?: RegExp
  /** The distribution's own word for the cluster of a node. */
  profileOf?(node: Node): string
  /** A command that brings the bundle from this machine into a node that is a container or machine of this machine. */
  carryCommand?(node: CarriedNode): string
}

/** A node that a file of this machine is carried into. */
export interface CarriedNode {
  readonly node: string
  readonly profile: string | undefined
  /** The bundle on this machine. */
  readonly bundle: string
  /** Where it is to lie on the node. */
  readonly bundlePath: string
}

/** A method for nodes whose images come from outside the cluster. */
export interface OutOfBand {
  readonly by: 'operator'
  /** Whether a node runs the system that this method is for: one without a shell for a pod. */
  isReportedBy(node: Node): boolean
  /** Why it cannot work on a node of another system. */
  misfit(node: Node): string | undefined
  /** Other methods that work on its nodes. */
  readonly alternatives?: readonly string[]
  /** What the operator does, for a group of nodes of one platform. */
  hint(platform: Platform, registry: NodeRegistry | undefined): string
  /** What is to be said of the nodes that it cannot help. */
  unable?(nodes: readonly NodeAtHand[], registry: NodeRegistry | undefined): UnableNodes | undefined
  /** What else is to be known of these nodes. */
  findings?(nodes: readonly NodeAtHand[], registry: NodeRegistry | undefined): Finding[]
  /** Files for all its nodes. */
  files?(
    nodes: readonly NodeAtHand[],
    images: readonly LockedImage[],
    registry: NodeRegistry | undefined,
  ): GeneratedFile[]
}

export interface UnableNodes {
  readonly nodes: readonly NodeAtHand[]
  readonly finding: Finding
}

export interface NodeAtHand {
  readonly name: string
  readonly node: Node
  readonly platform: Platform
}

/** The registry that nodes pull from instead of reading a file. */
export interface NodeRegistry {
  readonly url: string
  /** The authorities (PEM) that its certificate is checked with; undefined where nodes know them already. */
  readonly ca: string | undefined
}
