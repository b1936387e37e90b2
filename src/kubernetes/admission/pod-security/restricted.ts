import type { Container, PodSpec, SecurityContext } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../../objects/resource.ts'

const VOLUMES = 'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' ')

/** The first thing that the level restricted refuses beyond baseline. */
export function restrictedProblem(spec: PodSpec, containers: readonly Container[]): string | undefined {
  const volume = objectsOf(spec.volumes).find((one) =>
    Object.keys(one).some((key) => key !== 'name' && !VOLUMES.includes(key)),
  )
  if (volume) return `type of volume ${volume.name}`
  const pod = spec.securityContext
  if (pod?.runAsUser === 0) return 'runAsUser 0'
  // Windows knows neither capabilities nor seccomp.
  const isWindows = spec.os?.name === 'windows'
  for (const { name, securityContext: context } of containers) {
    const problem = (isWindows ? undefined : linuxProblem(context, pod)) ?? userProblem(context, pod)
    if (problem !== undefined) return `${problem} of container ${name}`
  }
  return undefined
}

type PodContext = PodSpec['securityContext']

function linuxProblem(context: SecurityContext | undefined, pod: PodContext): string | undefined {
  const { add = [], drop = [] } = context?.capabilities ?? {}
  if (context?.allowPrivilegeEscalation !== false) return 'allowPrivilegeEscalation is not false'
  if (!drop.includes('ALL')) return 'capabilities are not dropped'
  if (add.some((capability) => capability !== 'NET_BIND_SERVICE')) return 'capabilities are added'
  return (context.seccompProfile ?? pod?.seccompProfile)?.type === undefined ? 'no seccompProfile' : undefined
}

function userProblem(context: SecurityContext | undefined, pod: PodContext): string | undefined {
  if ((context?.runAsNonRoot ?? pod?.runAsNonRoot) !== true) return 'runAsNonRoot is not true'
  return context?.runAsUser === 0 ? 'runAsUser 0' : undefined
}
