import type { PersistentVolume, PersistentVolumeClaimSpec } from 'kubernetes-types/core/v1.js'
import { textsOf } from '../objects/resource.ts'
import type { CsiVolume } from './csi-volume.ts'
import type { StorageFacts } from './storage-facts.ts'

/** Provisioners whose volumes are directories of one node, which they are bound to. */
const LOCAL = /(?:^|[/.])(?:local-path|local|hostpath|host-path|minikube-hostpath)$/

/**
 * Whether the volume of a claim attaches to one node at a time, so that pods elsewhere wait for it (Multi-Attach error).
 * A class whose driver nobody knows is taken to attach. Source: kubernetes 1.36, pkg/volume/util, IsMultiAttachAllowed.
 */
export function attachesOnce(
  spec: PersistentVolumeClaimSpec,
  volume: CsiVolume | undefined,
  { volumes, unattached }: StorageFacts,
): boolean {
  const persistent = volumes.get(spec.volumeName ?? '')
  const modes = textsOf(persistent ? persistent.spec?.accessModes : spec.accessModes)
  if (modes.length === 0 || modes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany')) return false
  if (!volume) return persistent !== undefined && isAttachable(persistent)
  return !unattached.has(volume.driver) && !LOCAL.test(volume.driver)
}

function isAttachable({ spec }: PersistentVolume): boolean {
  return Boolean(spec?.iscsi ?? spec?.fc ?? spec?.rbd)
}
