import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../inventory.ts'
import { platformOfNode } from '../kubernetes/node.ts'
import type { PodImage } from '../kubernetes/pod-images.ts'
import { firstRefusal, type SchedulablePod, type SchedulerFilter } from '../kubernetes/scheduling.ts'
import type { Conditions } from './conditions.ts'
import { type ImageReason, imageOutcome, type NodeImage, type Outcome } from './image-rules.ts'
import type { Presence } from './node-images.ts'

/** May this pod start on this node: `starts`, or the first reason why not. */
export type NodeVerdict = Outcome<SchedulerFilter | ImageReason>

/** A pod with the images it needs. */
export interface AuditedPod {
  readonly pod: SchedulablePod
  readonly images: readonly AuditedImage[]
}

export interface AuditedImage extends PodImage {
  /** The CRI form; undefined when the reference does not parse. */
  readonly name: string | undefined
  readonly locked: LockedImage | undefined
}

/** A node, and how to look up the images on it. */
export interface AuditedNode {
  readonly node: Node
  readonly presenceOf: (name: string) => Presence
}

/** May this pod start on this node? Scheduler filters first, then the kubelet's own, then the sandbox, then images. */
export function podVerdict({ pod, images }: AuditedPod, node: AuditedNode, conditions: Conditions): NodeVerdict {
  return (
    refusal(pod, node.node) ??
    wrongOs(pod, node.node) ??
    missingSandbox(node, conditions) ??
    firstProblem(images, node, conditions) ?? { starts: true }
  )
}

/** Whether the scheduler itself, or the DaemonSet controller, leaves a node out: no pod will be there to fail. */
export function isLeftOut({ reason }: NodeVerdict): boolean {
  return reason !== undefined && LEAVING_OUT.has(reason)
}

const LEAVING_OUT: ReadonlySet<string> = new Set<SchedulerFilter>([
  'NodeName',
  'NodeUnschedulable',
  'TaintToleration',
  'NodeAffinity',
])

function refusal(pod: SchedulablePod, node: Node): NodeVerdict | undefined {
  const refused = firstRefusal(pod, node)
  return refused && { starts: false, ...refused }
}

/** No scheduler filter looks at `spec.os`; the kubelet does. */
function wrongOs({ spec }: SchedulablePod, node: Node): NodeVerdict | undefined {
  const wanted = spec.os?.name
  const os = platformOfNode(node)?.os
  if (!wanted || !os || wanted === os) return undefined
  return { starts: false, reason: 'Platform', message: `spec.os is ${wanted}, the node runs ${os} (PodOSNotSupported)` }
}

function missingSandbox(node: AuditedNode, conditions: Conditions): NodeVerdict | undefined {
  const name = conditions.sandboxImage
  if (!name || conditions.hasMirror) return undefined
  const { present, why } = node.presenceOf(name)
  if (present === true) return undefined
  if (present === undefined) return { starts: null, reason: 'ImageUnknown', message: `sandbox image ${name}: ${why}` }
  const message = `sandbox image ${name} is not on the node (FailedCreatePodSandBox)`
  return { starts: false, reason: 'SandboxImageMissing', message }
}

/** The first image that certainly fails; else the first of which nobody can tell. */
function firstProblem(
  images: readonly AuditedImage[],
  node: AuditedNode,
  conditions: Conditions,
): NodeVerdict | undefined {
  const platform = platformOfNode(node.node)
  const outcomes = images.map((image) => imageOutcome(nodeImage(image, node), platform, conditions))
  return outcomes.find(({ starts }) => starts === false) ?? outcomes.find(({ starts }) => starts === null)
}

function nodeImage({ reference, policy, name, locked }: AuditedImage, { presenceOf }: AuditedNode): NodeImage {
  const presence = name === undefined ? { present: false, why: '' } : presenceOf(name)
  return { reference, policy, name, locked, presence }
}
