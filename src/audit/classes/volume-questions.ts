import { volumeTrouble } from '../../kubernetes/storage/node-volumes.ts'
import type { ClaimSet } from '../../kubernetes/storage/pod-claims.ts'
import type { AuditedNode } from '../facts/audited-node.ts'
import { volumesFor } from '../facts/live/volumes-there.ts'
import type { AuditedPod } from './audited-pod.ts'

/** What pods ask of the drivers of nodes: claims, as often as pods that run or have a priority differ. */
export type VolumeQuestions = readonly Asked[]

interface Asked {
  readonly isRunning: boolean
  readonly priority: number
  readonly sets: readonly ClaimSet[]
}

export function volumeQuestions(pods: readonly AuditedPod[]): VolumeQuestions {
  const asking = pods.flatMap(({ pod, isRunning }) => {
    const sets = pod.claims.filter((claims) => claims.some(({ volume }) => volume))
    return sets.length > 0 ? [{ isRunning, priority: pod.priority, sets }] : []
  })
  const alike = Map.groupBy(asking, ({ isRunning, priority }) => `${isRunning} ${priority}`)
  return Array.from(alike.values(), ([first, ...others]) => ({
    ...(first as Asked),
    sets: [first as Asked, ...others].flatMap(({ sets }) => sets),
  }))
}

/** Equal for nodes whose drivers say the same to all that is asked. */
export function volumesKey(node: AuditedNode, asked: VolumeQuestions): unknown[] {
  return asked.flatMap(({ isRunning, priority, sets }) => {
    const lowest = node.use?.parts.some((part) => part.priority < priority) ? [-Infinity, priority] : [-Infinity]
    return lowest.map((least) => {
      const there = volumesFor(node, isRunning, least)
      return sets.map((claims) => Object.values(volumeTrouble(claims, there) ?? {}))
    })
  })
}
