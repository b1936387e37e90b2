import type { Node } from 'kubernetes-types/core/v1.js'
import type { Doubt, Refusal } from '../pods/refusal.ts'
import type { ClaimState } from '../storage/claim-state.ts'
import { type NodeVolumes, volumeTrouble } from '../storage/node-volumes.ts'
import type { ClaimSet } from '../storage/pod-claims.ts'
import { matchesTerm } from './node-selector.ts'

/**
 * Why no pod of a workload can have its claims on a node; undefined where one can. Of a StatefulSet's pods, each with its
 * own claims, one is enough. `taken` is left out where nobody counts volumes.
 */
export function volumeMismatch(sets: readonly ClaimSet[], node: Node, taken?: NodeVolumes): Refusal | undefined {
  if (sets.length === 0) return undefined
  const refusals = sets.map(
    (claims) => claims.map((claim) => claimRefusal(claim, node)).find(Boolean) ?? excess(claims, taken),
  )
  return refusals.every(Boolean) ? refusals[0] : undefined
}

function excess(claims: ClaimSet, taken: NodeVolumes | undefined): Refusal | undefined {
  const trouble = volumeTrouble(claims, taken)
  return trouble?.isCertain ? { reason: 'NodeVolumeLimits', message: trouble.message } : undefined
}

/** What nobody can tell of the volumes of a pod on a node; what the scheduler is sure of counts where nobody asks it. */
export function volumeDoubts(sets: readonly ClaimSet[], taken: NodeVolumes | undefined): Doubt[] {
  const troubles = sets.flatMap((claims) => volumeTrouble(claims, taken) ?? [])
  return troubles.map(({ message }) => ({ reason: 'NodeVolumeLimits', message }))
}

/** Source: kubernetes 1.37, plugins volumebinding and volumezone; k8s.io/component-helpers, storage/volume. */
export function claimRefusal(state: ClaimState, node: Node): Refusal | undefined {
  if (state.is === 'unknown') return undefined
  if (state.is === 'refused') return { reason: state.filter, message: state.why }
  const { terms, zones } = state.allows
  if (terms && !terms.some((term) => matchesTerm(term, node))) {
    return { reason: 'VolumeBinding', message: `the volume of claim ${state.claim} is not for this node` }
  }
  const labels = node.metadata?.labels ?? {}
  const hasZones = [...zones.keys()].some((key) => Object.hasOwn(labels, current(key)) || Object.hasOwn(labels, key))
  const other = [...zones].find(([key, values]) => !values.has(labels[key] ?? labels[current(key)] ?? ''))
  if (!hasZones || !other) return undefined
  return { reason: 'VolumeZone', message: `the volume of claim ${state.claim} is in another ${other[0]}` }
}

/** The label that has taken the place of an older one. */
function current(key: string): string {
  return key.replace('failure-domain.beta.kubernetes.io/', 'topology.kubernetes.io/')
}
