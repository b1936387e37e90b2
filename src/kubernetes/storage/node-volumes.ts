import { type CsiVolume, type PodVolumes, persistentCsiVolume } from './csi-volume.ts'
import type { ClaimSet } from './pod-claims.ts'
import type { DriverLimits, StorageFacts } from './storage-facts.ts'

/** The CSI volumes that a node takes, and those that it has. */
export interface NodeVolumes {
  /** Of the drivers that run on it; undefined where nobody told of its CSINode. */
  readonly drivers: DriverLimits | undefined
  /** Of each driver the lowest limit that any node is known to have. */
  readonly lowest: DriverLimits
  /** By `id` of the volume: its driver. */
  readonly attached: ReadonlyMap<string, string>
  /** What may be a volume of any driver. */
  readonly unknown: ReadonlySet<string>
}

/** What is wrong with the volumes of a pod on a node, and whether the scheduler is sure to say no. */
interface VolumeTrouble {
  readonly message: string
  readonly isCertain: boolean
}

/** Of each driver the lowest limit that a node tells. */
export function lowestLimits({ csiNodes }: StorageFacts): DriverLimits {
  const lowest = new Map<string, number | undefined>()
  for (const [driver, limit] of [...csiNodes.values()].flatMap((drivers) => [...drivers])) {
    const least = Math.min(lowest.get(driver) ?? Infinity, limit ?? Infinity)
    lowest.set(driver, least === Infinity ? undefined : least)
  }
  return lowest
}

/** What a node takes, with the volumes that are attached to it. Undefined where nothing is told of any node. */
export function nodeVolumes(
  node: string,
  { csiNodes, attachments, volumes }: StorageFacts,
  completeKinds: ReadonlySet<string>,
  lowest: DriverLimits,
): NodeVolumes | undefined {
  const isComplete = completeKinds.has('CSINode')
  if (!isComplete && csiNodes.size === 0) return undefined
  const attached = new Map<string, string>()
  const unknown = new Set<string>()
  for (const { driver, volumeName } of attachments.get(node) ?? []) {
    const volume = volumes.get(volumeName)
    if (!volume) {
      if (!completeKinds.has('PersistentVolume')) unknown.add(`volume ${volumeName}`)
      continue
    }
    const found = persistentCsiVolume(volume)
    if (found?.driver === driver) attached.set(found.id, driver)
  }
  return { drivers: csiNodes.get(node) ?? (isComplete ? new Map() : undefined), lowest, attached, unknown }
}

/** The same with the volumes of pods that are there. */
export function withPodVolumes(node: NodeVolumes, pods: readonly PodVolumes[]): NodeVolumes {
  const attached = new Map(node.attached)
  const unknown = new Set(node.unknown)
  for (const pod of pods) {
    for (const { id, driver } of pod.volumes) attached.set(id, driver)
    for (const one of pod.unknown) unknown.add(one)
  }
  return { ...node, attached, unknown }
}

/**
 * Why the claims of a pod are too many for a node, or may be; undefined where they are not. A driver that does not run on
 * a node attaches nothing there, though the scheduler does not mind.
 * Source: kubernetes 1.36, pkg/scheduler/framework/plugins/nodevolumelimits/csi.go.
 */
export function volumeTrouble(claims: ClaimSet, node: NodeVolumes | undefined): VolumeTrouble | undefined {
  if (!node) return undefined
  const troubles = Array.from(newVolumes(claims, node.attached), ([driver, volumes]) =>
    driverTrouble(driver, volumes, node),
  )
  return troubles.find((trouble) => trouble?.isCertain) ?? troubles.find(Boolean)
}

function newVolumes(claims: ClaimSet, attached: NodeVolumes['attached']): ReadonlyMap<string, readonly CsiVolume[]> {
  const volumes = claims.flatMap(({ volume }) => (volume && !attached.has(volume.id) ? [volume] : []))
  const distinct = new Map(volumes.map((volume) => [volume.id, volume]))
  return Map.groupBy(distinct.values(), ({ driver }) => driver)
}

function driverTrouble(driver: string, volumes: readonly CsiVolume[], node: NodeVolumes): VolumeTrouble | undefined {
  const { drivers, lowest, attached, unknown } = node
  if (drivers && !drivers.has(driver)) {
    const isCsi = lowest.has(driver) || volumes.some((volume) => volume.isCsi)
    return isCsi ? { message: `its CSINode does not name driver ${driver}`, isCertain: false } : undefined
  }
  const limit = drivers ? drivers.get(driver) : lowest.get(driver)
  if (limit === undefined) return undefined
  const there = [...attached.values()].filter((one) => one === driver).length
  const surely = there + volumes.length
  if (surely + unknown.size <= limit) return undefined
  const where = drivers ? 'the node' : 'some nodes'
  const beside = volumes.length > limit ? '' : ' to those that are there'
  const message = `driver ${driver} attaches at most ${limit} volumes to ${where}, the pod brings ${volumes.length}${beside}`
  return { message, isCertain: drivers !== undefined && surely > limit }
}
