import type { ContainerStatus, Node, Pod, Taint } from 'kubernetes-types/core/v1.js'
import { SEEDED } from '../../bundle/format/seed-set.ts'
import { STARTUP_TAINT } from '../nodes/pool.ts'
import { LABELS_ANNOTATION } from '../output/daemon-set.ts'

/** How far a node is. `unselected`: no seeding pod, and it carries no startup taint, so nothing waits for one. */
export type SeedState = 'seeded' | 'seeding' | 'failed' | 'unselected'

/** What is to be done to a node, and how far it is. */
export interface NodeChange {
  readonly state: SeedState
  /** Why it failed; what its own pod said. */
  readonly why?: string
  /** Labels to set (`seeded`) or to take away (null). */
  readonly labels: Readonly<Record<string, string | null>>
  /** All taints that the node is to have; undefined when they stay. */
  readonly taints?: readonly Taint[]
}

interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Milliseconds for which a pod may not be ready before its node loses the label. */
  readonly grace: number
}

/**
 * What the seeding pods of a node say of it. It gets the labels of each pod that is ready, and loses its startup taint when
 * all are. It loses the labels of a pod whose own report says that images are missing, and of one that runs and has not
 * been ready for a while: then images are gone from the node. Where nobody can tell, because the node or its pods do not
 * answer, everything stays.
 */
export function nodeChange(node: Node, seedingPods: readonly Pod[], moment: Moment): NodeChange {
  const pods = seedingPods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  const present = node.metadata?.labels ?? {}
  const isTainted = node.spec?.taints?.some(({ key }) => key === STARTUP_TAINT) ?? false
  if (pods.length === 0) return { state: isTainted ? 'seeding' : 'unselected', labels: {} }
  const ready = pods.filter(isReady)
  const wanted = new Set(ready.flatMap(labelsOf))
  const lost = isReady(node) ? pods.filter((pod) => hasLostImages(pod, node, moment)) : []
  const gone = lost.flatMap(labelsOf).filter((key) => !wanted.has(key) && key in present)
  const missing = [...wanted].filter((key) => present[key] !== SEEDED)
  const labels = {
    ...Object.fromEntries(missing.map((key) => [key, SEEDED] as const)),
    ...Object.fromEntries(gone.map((key) => [key, null] as const)),
  }
  if (ready.length === pods.length) {
    const taints = isTainted ? node.spec?.taints?.filter(({ key }) => key !== STARTUP_TAINT) : undefined
    return { state: 'seeded', labels, ...(taints && { taints }) }
  }
  const failed = pods.flatMap((pod) => failureOf(pod) ?? (lost.includes(pod) ? 'images are gone from the node' : []))
  return failed.length > 0 ? { state: 'failed', why: failed.join('; '), labels } : { state: 'seeding', labels }
}

/** The keys of the labels that a pod's node has once the pod is ready. */
function labelsOf({ metadata }: Pod): string[] {
  return (metadata?.annotations?.[LABELS_ANNOTATION] ?? '').split(',').filter(Boolean)
}

function isReady({ status }: { readonly status?: Pod['status'] | Node['status'] }): boolean {
  const conditions: readonly { type: string; status: string }[] = status?.conditions ?? []
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

/** A pod that was only away with its node, or has just started, says nothing yet. */
function hasLostImages(pod: Pod, node: Node, { now, grace }: Moment): boolean {
  if (isReady(pod)) return false
  if (reportsOf(pod).some(({ result }) => result === 'gap')) return true
  const keep = pod.status?.containerStatuses?.find(({ name }) => name === 'keep')
  const since = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  const started = keep?.state?.running?.startedAt
  if (since === undefined || started === undefined) return false
  const nodeSince = node.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  const times = [since, started, nodeSince].flatMap((time) => (time === undefined ? [] : [Date.parse(time)]))
  return Math.max(...times) + grace < now
}

/** Why the pod does not get on: what its script said last, or why its container does not start. */
function failureOf(pod: Pod): string | undefined {
  if (isReady(pod)) return undefined
  const failed = reportsOf(pod).find(({ result }) => result === 'failed' || result === 'gap')
  if (failed) return failed.message
  const waiting = statusesOf(pod).find(({ state }) =>
    /^(?:Err|Image|Invalid|Crash|Create)/.test(state?.waiting?.reason ?? ''),
  )
  return waiting?.state?.waiting?.reason
}

/** What the containers said at their end, in the line of JSON of the node script; the latest of each. */
function reportsOf(pod: Pod): { result: string; message: string }[] {
  return statusesOf(pod).flatMap(({ state, lastState }) => {
    const text = state?.terminated?.message ?? (state?.waiting ? lastState?.terminated?.message : undefined)
    if (text === undefined) return []
    try {
      const { result, message } = JSON.parse(text) as Record<string, unknown>
      return typeof result === 'string' ? [{ result, message: String(message) }] : []
    } catch {
      return []
    }
  })
}

function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}

/** The merge patch of a change, which fails when somebody else changed the taints meanwhile; undefined for none. */
export function patchOf({ labels, taints }: NodeChange, { metadata }: Node): object | undefined {
  if (Object.keys(labels).length === 0 && !taints) return undefined
  const version = taints ? { resourceVersion: metadata?.resourceVersion } : {}
  return { metadata: { ...version, labels }, ...(taints && { spec: { taints: taints.length > 0 ? taints : null } }) }
}
