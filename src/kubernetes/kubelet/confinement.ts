import type { Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { CONTAINER_LISTS } from '../objects/pod-images.ts'
import { isObject, objectsOf } from '../objects/resource.ts'

/** What confines a container, and whether a node has it; no node tells. */
interface Unconfirmed {
  readonly message: string
  readonly isCertain: false
}

/** Distributions whose kernels have AppArmor on. */
const WITH_APPARMOR = /\b(?:ubuntu|debian|suse|sles|container-optimized os)\b/i

/** Whether a pod names profiles that its node must have. */
export function asksForProfiles(spec: PodSpec): boolean {
  return profilesOf(spec).length > 0
}

/**
 * The profiles of seccomp and AppArmor that a pod asks for and nobody tells whether a node has.
 * Source: kubernetes 1.36, pkg/security/apparmor, pkg/kubelet/kuberuntime/security_context.go.
 */
export function profileDoubts(spec: PodSpec, { status }: Node): Unconfirmed[] {
  const hasAppArmor = WITH_APPARMOR.test(status?.nodeInfo?.osImage ?? '')
  const doubts = profilesOf(spec).flatMap(({ kind, profile }) => {
    if (profile !== undefined) return [`the ${kind} profile ${profile} has to be on the node, and nobody tells`]
    return hasAppArmor ? [] : ['appArmorProfile needs a node with AppArmor, and whether this one has it is not known']
  })
  return [...new Set(doubts)].map((message) => ({ message, isCertain: false }))
}

/** Those of the node by their names; AppArmor itself where its default is asked for. */
function profilesOf(spec: PodSpec): { readonly kind: string; readonly profile: string | undefined }[] {
  const containers = CONTAINER_LISTS.flatMap((list) => objectsOf(spec[list] as object[] | undefined))
  return [spec, ...containers].flatMap((one) => [
    ...profileIn(one, 'seccompProfile').map((profile) => ({ kind: 'seccomp', profile })),
    ...profileIn(one, 'appArmorProfile').map((profile) => ({ kind: 'AppArmor', profile })),
  ])
}

function profileIn(one: object, key: 'seccompProfile' | 'appArmorProfile'): (string | undefined)[] {
  const found = valueAt(one, ['securityContext', key])
  if (!isObject(found)) return []
  if (found.type === 'Localhost') return [String(found.localhostProfile)]
  return found.type === 'RuntimeDefault' && key === 'appArmorProfile' ? [undefined] : []
}
