import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'
import { mountedVolumes } from '../pods/mounted-volumes.ts'
import type { Doubt } from '../pods/refusal.ts'

/** Directories and sockets that every node has. */
const EVERYWHERE =
  /^\/(?:$|(?:proc|sys|usr|dev|boot)(?:\/|$)|(?:bin|etc|home|lib|lib64|media|mnt|opt|root|run|sbin|srv|tmp|var)$|lib\/modules$|etc\/(?:hosts|hostname|machine-id|os-release|passwd|group|resolv\.conf|localtime|ssl|kubernetes)$|var\/(?:lib|log|run|tmp)$|var\/lib\/kubelet(?:\/|$)|var\/log\/(?:pods|containers)$)/

const MUST_BE_THERE = /^(?:Directory|File|Socket|CharDevice|BlockDevice)$/

/** What a pod's hostPath volumes want to be on the node already: without it the pod waits (FailedMount), and no node tells. */
export function hostFileHazards(spec: PodSpec): Doubt[] {
  const mounted = mountedVolumes(spec)
  return objectsOf(spec.volumes).flatMap(({ name, hostPath }): Doubt[] => {
    const { path = '', type = '' } = hostPath ?? {}
    if (!hostPath || !mounted.has(name) || !MUST_BE_THERE.test(type) || EVERYWHERE.test(path)) return []
    const message = `volume ${name} wants ${path} to be on its node (${type}), and no node tells`
    return [{ reason: 'Kubelet', message, code: 'NODE_FILE_NEEDED' }]
  })
}
