import type { Container, PodSpec, SecurityContext } from 'kubernetes-types/core/v1.js'
import { CONTAINER_LISTS } from '../objects/pod-images.ts'
import { objectsOf } from '../objects/resource.ts'

/** The label of a namespace by which the API server refuses pods. */
export const ENFORCE_LABEL = 'pod-security.kubernetes.io/enforce'

const BASELINE_CAPABILITIES: ReadonlySet<string> = new Set(
  (
    'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID ' +
    'SYS_CHROOT'
  ).split(' '),
)

const RESTRICTED_VOLUMES =
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' ')

/**
 * The first thing that the Pod Security admission refuses at a level; undefined where it is none of those that are looked
 * at. Source: kubernetes.io/docs/concepts/security/pod-security-standards.
 */
export function podSecurityProblem(spec: PodSpec, level: string): string | undefined {
  if (level !== 'baseline' && level !== 'restricted') return undefined
  const containers = CONTAINER_LISTS.flatMap((list) => objectsOf(spec[list] as Container[] | undefined))
  const baseline = baselineProblem(spec, containers)
  return level === 'baseline' || baseline !== undefined ? baseline : restrictedProblem(spec, containers)
}

function baselineProblem(spec: PodSpec, containers: readonly Container[]): string | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).find((key) => spec[key] === true)
  if (shared) return shared
  const hostPath = objectsOf(spec.volumes).find((volume) => volume.hostPath !== undefined)
  if (hostPath) return `hostPath volume ${hostPath.name}`
  if (isUnconfined(spec.securityContext)) return 'seccompProfile Unconfined'
  for (const { name, securityContext: context, ports } of containers) {
    const added = (context?.capabilities?.add ?? []).find((capability) => !BASELINE_CAPABILITIES.has(capability))
    if (context?.privileged) return `privileged container ${name}`
    if (added !== undefined) return `capability ${added} of container ${name}`
    if (objectsOf(ports).some(({ hostPort }) => (hostPort ?? 0) > 0)) return `host port of container ${name}`
    if (isUnconfined(context)) return `seccompProfile Unconfined of container ${name}`
    if (context?.procMount !== undefined && context.procMount !== 'Default') return `procMount of container ${name}`
  }
  return undefined
}

function restrictedProblem(spec: PodSpec, containers: readonly Container[]): string | undefined {
  const volume = objectsOf(spec.volumes).find((one) =>
    Object.keys(one).some((key) => key !== 'name' && !RESTRICTED_VOLUMES.includes(key)),
  )
  if (volume) return `type of volume ${volume.name}`
  const pod = spec.securityContext
  if (pod?.runAsUser === 0) return 'runAsUser 0'
  for (const { name, securityContext: context } of containers) {
    const { add = [], drop = [] } = context?.capabilities ?? {}
    const of = ` of container ${name}`
    if (context?.allowPrivilegeEscalation !== false) return `allowPrivilegeEscalation is not false${of}`
    if (!drop.includes('ALL')) return `capabilities are not dropped${of}`
    if (add.some((capability) => capability !== 'NET_BIND_SERVICE')) return `capabilities are added${of}`
    if ((context.runAsNonRoot ?? pod?.runAsNonRoot) !== true) return `runAsNonRoot is not true${of}`
    if (context.runAsUser === 0) return `runAsUser 0${of}`
    if (profileOf(context) === undefined && profileOf(pod) === undefined) return `no seccompProfile${of}`
  }
  return undefined
}

type Profiled = Pick<SecurityContext, 'seccompProfile'> | undefined

function profileOf(context: Profiled): string | undefined {
  return context?.seccompProfile?.type
}

function isUnconfined(context: Profiled): boolean {
  return profileOf(context) === 'Unconfined'
}
