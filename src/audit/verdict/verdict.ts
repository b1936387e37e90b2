import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { type KubeletSettings, verifiesPreloaded } from '../../kubernetes/objects/kubelet-config.ts'
import { platformOfNode } from '../../kubernetes/objects/node.ts'
import type { PodImage } from '../../kubernetes/objects/pod-images.ts'
import {
  firstRefusal,
  type NodeUse,
  type SchedulablePod,
  type SchedulerFilter,
  undecidedFilter,
} from '../../kubernetes/scheduler/scheduling.ts'
import type { Conditions } from '../facts/conditions.ts'
import { type LiveUse, withoutLower } from '../facts/live-pods.ts'
import type { Presence } from '../facts/node-images.ts'
import { type ImageReason, imageOutcome, type Outcome } from './image-rules.ts'

/** May this pod start on this node: `starts`, or the first reason why not. */
export interface NodeVerdict extends Outcome<SchedulerFilter | ImageReason> {
  /** The pod may come to the node. Where it cannot, it cannot fail either. */
  readonly mayLand: boolean
}

/** A pod with the images it needs. */
export interface AuditedPod {
  readonly pod: SchedulablePod
  readonly images: readonly AuditedImage[]
  /** The pod's own label `kubernetes.io/os`, which the kubelet compares with its node's. */
  readonly osLabel: string | undefined
  /** Pods of a lower one may have to make room. */
  readonly priority: number
  /** Its pods run already. The room that they take is their own, so that live pods are left out of the question. */
  readonly isRunning: boolean
  /** Its own name among the claims of host ports, where it has one. */
  readonly holder: string | undefined
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
  /** What live pods take of it. */
  readonly use: LiveUse | undefined
  /** Host ports that other audited pods are sure to take. */
  readonly claimed?: NodeUse['ports']
  readonly kubelet: KubeletSettings
}

/** What the DaemonSet controller looks at. What else is in the way, a DaemonSet's pod waits for on its node. */
const DAEMON_SET_FILTERS: ReadonlySet<SchedulerFilter> = new Set([
  'NodeUnschedulable',
  'NodeName',
  'TaintToleration',
  'NodeAffinity',
])

/**
 * May this pod start on this node? What is certainly in the way comes first: scheduler filters, the kubelet's own, the
 * sandbox, images; then what nobody can tell.
 */
export function podVerdict(audited: AuditedPod, node: AuditedNode, conditions: Conditions): NodeVerdict {
  const { pod, images } = audited
  const refusal = firstRefusal(pod, node.node, useFor(audited, node))
  const preemption = refusal && mayPreempt(audited, node) ? refusal : undefined
  if (refusal && !preemption) {
    const mayLand = pod.isDaemonSetPod && !DAEMON_SET_FILTERS.has(refusal.reason)
    return { starts: false, ...refusal, mayLand }
  }
  const undecided = preemption
    ? { ...preemption, message: `${preemption.message}, unless pods of lower priority make room` }
    : undecidedFilter(pod)
  const outcomes: (Outcome<SchedulerFilter | ImageReason> | undefined)[] = [
    wrongOs(audited, node.node),
    sandboxOutcome(node, conditions),
    ...imageOutcomes(images, node, conditions),
    undecided && { starts: null, ...undecided },
  ]
  const certain = outcomes.find((outcome) => outcome?.starts === false)
  const unknown = undecided ? outcomes.at(-1) : outcomes.find((outcome) => outcome?.starts === null)
  return { ...(certain ?? unknown ?? { starts: true }), mayLand: true }
}

/** Whether a pod would fit if those of lower priority were gone; whether they go is for the scheduler to decide. */
function mayPreempt(audited: AuditedPod, node: AuditedNode): boolean {
  const { pod, priority, isRunning } = audited
  if (isRunning || !node.use?.parts.some((part) => part.priority < priority)) return false
  const reserved = withoutLower(node.use, priority)
  return firstRefusal(pod, node.node, { ...useFor(audited, node), reserved }) === undefined
}

/** What is in a pod's way on a node, as far as it is known. */
function useFor({ isRunning, holder }: AuditedPod, { use, claimed = [] }: AuditedNode): NodeUse {
  const claims = holder === undefined ? claimed : claimed.filter(({ pod }) => pod !== holder)
  if (isRunning || !use) return { ports: claims }
  return { reserved: use.reserved, ports: [...use.ports, ...claims] }
}

/** No scheduler filter looks at `spec.os`; the kubelet does. */
function wrongOs({ pod, osLabel }: AuditedPod, node: Node): Outcome | undefined {
  const os = platformOfNode(node)?.os
  const wanted = pod.spec.os?.name
  if (wanted && os && wanted !== os) {
    return {
      starts: false,
      reason: 'Platform',
      message: `spec.os is ${wanted}, the node runs ${os} (PodOSNotSupported)`,
    }
  }
  const label = node.metadata?.labels?.['kubernetes.io/os'] ?? os
  if (!osLabel || !label || osLabel === label) return undefined
  const message = `the pod's label kubernetes.io/os is ${osLabel}, the node's is ${label} (PodOSSelectorNodeLabelDoesNotMatch)`
  return { starts: false, reason: 'Platform', message }
}

function sandboxOutcome(node: AuditedNode, conditions: Conditions): Outcome | undefined {
  const name = conditions.sandboxImage
  if (!name || (conditions.hasMirror && isServed(name, conditions))) return undefined
  const { present, why } = node.presenceOf(name)
  if (present === true) return undefined
  if (present === undefined) return { starts: null, reason: 'ImageUnknown', message: `sandbox image ${name}: ${why}` }
  const message = `sandbox image ${name} is not on the node (FailedCreatePodSandBox)`
  return { starts: false, reason: 'SandboxImageMissing', message }
}

/** A mirror answers for the images of the bundle, where there is one. */
function isServed(name: string, { lock }: Conditions): boolean {
  return !lock || lock.images.some(({ names }) => names.includes(name))
}

function imageOutcomes(images: readonly AuditedImage[], node: AuditedNode, conditions: Conditions): Outcome[] {
  const platform = platformOfNode(node.node)
  return images.map((image) => {
    const presence = image.name === undefined ? { present: false, why: '' } : node.presenceOf(image.name)
    const alwaysVerify = image.name !== undefined && verifiesPreloaded(node.kubelet, image.name)
    return imageOutcome({ ...image, presence }, platform, { ...conditions, alwaysVerify })
  })
}
