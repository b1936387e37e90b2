import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js'
import type { StorageClass } from 'kubernetes-types/storage/v1.js'
import type { Resource } from '../objects/resource.ts'

/** The claims, volumes and classes that are known. */
export interface StorageFacts {
  /** By `namespace/name`. */
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>
  readonly volumes: ReadonlyMap<string, PersistentVolume>
  readonly classes: ReadonlyMap<string, StorageClass>
}

/** The kinds of which storage facts are made. */
export const STORAGE_KINDS = ['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass']

export function storageFacts(resources: readonly Resource[]): StorageFacts {
  const claims = new Map<string, PersistentVolumeClaim>()
  const volumes = new Map<string, PersistentVolume>()
  const classes = new Map<string, StorageClass>()
  for (const { apiVersion, kind, namespace, name, value } of resources) {
    if (kind === 'PersistentVolumeClaim' && apiVersion === 'v1') {
      claims.set(claimKey(namespace, name), value as unknown as PersistentVolumeClaim)
    }
    if (kind === 'PersistentVolume' && apiVersion === 'v1') volumes.set(name, value as unknown as PersistentVolume)
    if (kind === 'StorageClass' && apiVersion.startsWith('storage.k8s.io/')) {
      classes.set(name, value as unknown as StorageClass)
    }
  }
  return { claims, volumes, classes }
}

export function claimKey(namespace: string | undefined, name: string): string {
  return `${namespace || 'default'}/${name}`
}
