import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js'
import type { CSINode, StorageClass, VolumeAttachment } from 'kubernetes-types/storage/v1.js'
import { valueAt } from '../documents/path.ts'
import { objectsOf, type Resource } from '../objects/resource.ts'

/** The claims, volumes and classes that are known, and what drivers do with volumes on nodes. */
export interface StorageFacts {
  /** By `namespace/name`. */
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>
  readonly volumes: ReadonlyMap<string, PersistentVolume>
  readonly classes: ReadonlyMap<string, StorageClass>
  /** By node: the drivers that run there, each with how many volumes it attaches; undefined: as many as one likes. */
  readonly csiNodes: ReadonlyMap<string, DriverLimits>
  /** By node. */
  readonly attachments: ReadonlyMap<string, readonly Attachment[]>
  /** The drivers that a CSIDriver tells of. */
  readonly csiDrivers: ReadonlySet<string>
  /** The drivers that attach nothing: their volumes are on several nodes at once. */
  readonly unattached: ReadonlySet<string>
}

/** How many volumes each driver attaches; undefined where it tells no limit. */
export type DriverLimits = ReadonlyMap<string, number | undefined>

interface Attachment {
  readonly driver: string
  readonly volumeName: string
}

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'

/** The kinds of which storage facts are made. */
export const STORAGE_KINDS = [
  'PersistentVolumeClaim',
  'PersistentVolume',
  'StorageClass',
  'CSINode',
  'CSIDriver',
  'VolumeAttachment',
]

export function storageFacts(resources: readonly Resource[]): StorageFacts {
  const claims = new Map<string, PersistentVolumeClaim>()
  const volumes = new Map<string, PersistentVolume>()
  const classes = new Map<string, StorageClass>()
  const csiNodes = new Map<string, DriverLimits>()
  const attachments = new Map<string, Attachment[]>()
  const unattached = new Set<string>()
  const csiDrivers = new Set<string>()
  for (const { apiVersion, kind, namespace, name, value } of resources) {
    if (kind === 'PersistentVolumeClaim' && apiVersion === 'v1') {
      claims.set(claimKey(namespace, name), value as unknown as PersistentVolumeClaim)
    }
    if (kind === 'PersistentVolume' && apiVersion === 'v1') volumes.set(name, value as unknown as PersistentVolume)
    if (!apiVersion.startsWith('storage.k8s.io/')) continue
    if (kind === 'StorageClass') classes.set(name, value as unknown as StorageClass)
    if (kind === 'CSINode') csiNodes.set(name, driverLimits(value as unknown as CSINode))
    if (kind === 'CSIDriver') csiDrivers.add(name)
    if (kind === 'CSIDriver' && valueAt(value, ['spec', 'attachRequired']) === false) unattached.add(name)
    if (kind !== 'VolumeAttachment') continue
    const { attacher, nodeName, source } = (value as unknown as Partial<VolumeAttachment>).spec ?? {}
    if (!attacher || !nodeName || !source?.persistentVolumeName) continue
    const onNode = attachments.get(nodeName) ?? []
    onNode.push({ driver: attacher, volumeName: source.persistentVolumeName })
    attachments.set(nodeName, onNode)
  }
  return { claims, volumes, classes, csiNodes, attachments, csiDrivers, unattached }
}

function driverLimits({ spec }: Partial<CSINode>): DriverLimits {
  return new Map(objectsOf(spec?.drivers).map(({ name, allocatable }) => [name, allocatable?.count]))
}

/** The class of claims that name none. */
export function defaultClass(classes: StorageFacts['classes']): string | undefined {
  const found = [...classes].find(([, { metadata }]) => metadata?.annotations?.[DEFAULT_CLASS] === 'true')
  return found?.[0]
}

export function claimKey(namespace: string | undefined, name: string): string {
  return `${namespace || 'default'}/${name}`
}
