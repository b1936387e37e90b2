import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../../objects/resource.ts'
import { mountedVolumes } from '../../pods/mounted-volumes.ts'
import { quantities } from '../../pods/pod-resources.ts'
import { userOf } from './image-user.ts'

/**
 * Why no kubelet starts a container of a pod that the API server takes; undefined where nothing is certain.
 * Source: kubernetes 1.36, pkg/kubelet/kuberuntime/security_context.go, pkg/kubelet/kubelet_pods.go, pkg/volume/emptydir.
 */
export function configProblem(spec: PodSpec): string | undefined {
  const all = [...objectsOf(spec.initContainers), ...objectsOf(spec.containers)]
  const names = new Set(all.map(({ name }) => name))
  const root = all.find((container) => isRefusedRoot(container, spec))
  if (root)
    return `the kubelet starts no container ${root.name} with runAsNonRoot and runAsUser 0 (CreateContainerConfigError)`
  for (const { name, env, envFrom, volumeMounts } of all) {
    const known = new Set(objectsOf(env).map((one) => one.name))
    const lacked = objectsOf(volumeMounts)
      .flatMap(({ subPathExpr }) => variablesIn(subPathExpr))
      .find((variable) => !known.has(variable) && objectsOf(envFrom).length === 0 && !OF_SERVICES.test(variable))
    if (lacked !== undefined)
      return `the subPathExpr of container ${name} asks for ${lacked}, which its environment has not (CreateContainerConfigError)`
    const other = objectsOf(env).flatMap(({ valueFrom }) => valueFrom?.resourceFieldRef?.containerName ?? [])
    const stranger = other.find((one) => one !== '' && !names.has(one))
    if (stranger !== undefined)
      return `the environment of container ${name} asks for resources of container ${stranger}, which is not there (CreateContainerConfigError)`
  }
  return hugePageProblem(spec, all)
}

function isRefusedRoot(container: Container, spec: PodSpec): boolean {
  const { isNonRoot, user } = userOf(container, spec)
  return isNonRoot && user === 0 && spec.os?.name !== 'windows'
}

/** What the kubelet adds for each service. */
const OF_SERVICES = /_SERVICE_|_PORT/

/** `$(NAME)`; `$$` is a dollar. */
function variablesIn(expression: string | undefined): string[] {
  return Array.from((expression ?? '').matchAll(/\$\$|\$\(([^)]+)\)/g), ([, name]) => name ?? '').filter(Boolean)
}

/** A volume of huge pages has the size that the pod asks for. */
function hugePageProblem(spec: PodSpec, containers: readonly Container[]): string | undefined {
  const volumes = objectsOf(spec.volumes).filter(({ emptyDir }) => emptyDir?.medium?.startsWith('HugePages'))
  if (volumes.length === 0) return undefined
  const mounted = mountedVolumes(spec)
  const asked = [spec as { resources?: Container['resources'] }, ...containers].flatMap(({ resources }) => [
    ...quantities(resources?.requests).keys(),
    ...quantities(resources?.limits).keys(),
  ])
  const sizes = new Set(asked.filter((name) => name.startsWith('hugepages-')))
  for (const { name, emptyDir } of volumes) {
    const [, size] = /^HugePages-(.+)$/.exec(emptyDir?.medium ?? '') ?? []
    const isThere = size === undefined ? sizes.size === 1 : sizes.has(`hugepages-${size}`)
    if (mounted.has(name) && !isThere)
      return `volume ${name} is of huge pages, of which no container requests ${size ?? 'one size'} (FailedMount)`
  }
  return undefined
}
