import type { Node } from 'kubernetes-types/core/v1.js'
import type { ByPod, OutOfBand } from './contract/method.ts'
import { type KnownMethod, METHODS, type MethodName, methodNamed } from './methods.ts'

/** The method that fits what the kubelet of a node reports; undefined where none does. */
export function methodOf(node: Node): MethodName | undefined {
  const byPod = METHODS.find(({ seeding }) => seeding?.by === 'pod' && seeding.isReportedBy(node))
  return (systemMethod(node) ?? byPod)?.name
}

/** Why a method that was asked for would bring images to a place where the kubelet of a node does not look. */
export function misfit(name: MethodName, node: Node): string | undefined {
  const method = methodNamed(name)
  const system = systemMethod(node)
  if (system) {
    const fits = system === method || outOfBand(system)?.alternatives?.includes(name)
    return fits ? undefined : `it runs ${node.status?.nodeInfo?.osImage}, which has no shell`
  }
  return outOfBand(method)?.misfit(node) ?? byPod(method, node)
}

/** The method for the node's system, where that has no shell for a pod. */
function systemMethod(node: Node): KnownMethod | undefined {
  return METHODS.find((method) => outOfBand(method)?.isReportedBy(node))
}

function byPod({ name, seeding }: KnownMethod, node: Node): string | undefined {
  if (seeding?.by !== 'pod') return undefined
  const { containerRuntimeVersion = 'no runtime', kubeletVersion = '' } = node.status?.nodeInfo ?? {}
  const runtime = seeding.runtimeOf(node)
  if (!runtime || !containerRuntimeVersion.startsWith(`${runtime.scheme}://`)) {
    return `its kubelet uses ${containerRuntimeVersion}`
  }
  const distribution = METHODS.find((method) => podSeeding(method)?.kubeletVersion?.test(kubeletVersion))
  return seeding.isDistribution && distribution && distribution.name !== name
    ? `its kubelet is ${kubeletVersion}`
    : undefined
}

function outOfBand({ seeding }: KnownMethod): OutOfBand | undefined {
  return seeding?.by === 'operator' ? seeding : undefined
}

function podSeeding({ seeding }: KnownMethod): ByPod | undefined {
  return seeding?.by === 'pod' ? seeding : undefined
}
