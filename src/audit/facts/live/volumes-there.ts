import { type NodeVolumes, withPodVolumes } from '../../../kubernetes/storage/node-volumes.ts'
import type { LiveUse } from './live-pods.ts'

interface Known {
  readonly volumes?: NodeVolumes | undefined
  readonly use: LiveUse | undefined
}

/**
 * What the drivers of a node attach, with the volumes that are there once live pods below a priority are gone. A pod that
 * runs has volumes of its own there, so that none count.
 */
export function volumesFor({ volumes, use }: Known, isRunning: boolean, priority = -Infinity): NodeVolumes | undefined {
  if (!volumes) return undefined
  if (isRunning) return { ...volumes, attached: new Map(), unknown: new Set() }
  const kept = use?.parts.filter((part) => part.priority >= priority) ?? []
  return withPodVolumes(
    volumes,
    kept.flatMap((part) => part.volumes ?? []),
  )
}
