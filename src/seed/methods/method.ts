import type { Node } from 'kubernetes-types/core/v1.js'
import { RUNTIMES, type Runtime } from './runtime.ts'

/** How images get onto a node: the runtimes and distributions by the names that people use, and `bake`: not at all. */
export const METHODS = [
  ...(['containerd', 'k3s', 'rke2', 'k0s', 'microk8s', 'kind', 'minikube', 'cri-o', 'docker'] as const),
  ...(['talos', 'bottlerocket', 'bake'] as const),
] as const

export type Method = (typeof METHODS)[number]

/** The runtimes of one machine, in the order in which the node script looks for them. */
export const LOAD_METHODS = [
  ...(['k3s', 'rke2', 'k0s', 'microk8s', 'containerd', 'cri-o', 'docker', 'podman'] as const),
  'directory',
] as const

/** The method that fits what the kubelet of a node reports; undefined where none does. */
export function methodOf(node: Node): Method | undefined {
  const { containerRuntimeVersion = '', kubeletVersion = '', osImage = '' } = node.status?.nodeInfo ?? {}
  if (osImage.startsWith('Talos')) return 'talos'
  if (osImage.startsWith('Bottlerocket')) return 'bottlerocket'
  if (minikubeProfile(node) !== undefined && runtimeByVersion(node)) return 'minikube'
  if (containerRuntimeVersion.startsWith('docker://')) return 'docker'
  if (containerRuntimeVersion.startsWith('cri-o://')) return 'cri-o'
  if (!containerRuntimeVersion.startsWith('containerd://')) return undefined
  if (node.spec?.providerID?.startsWith('kind://')) return 'kind'
  const distribution = /\+(k3s|rke2|k0s)/.exec(kubeletVersion)?.[1] as 'k3s' | 'rke2' | 'k0s' | undefined
  if (distribution) return distribution
  return node.metadata?.labels?.['microk8s.io/cluster'] ? 'microk8s' : 'containerd'
}

/**
 * What a seeding pod of that method works with on a node. Nodes of kind and minikube are ordinary ones inside: Debian or
 * Ubuntu with containerd, docker or CRI-O. Undefined for methods that no pod can carry out.
 */
export function runtimeFor(method: Method, node: Node): Runtime | undefined {
  if (method === 'talos' || method === 'bottlerocket' || method === 'bake') return undefined
  if (method === 'kind') return RUNTIMES.containerd
  return method === 'minikube' ? runtimeByVersion(node) : RUNTIMES[method]
}

/** Why a method that was asked for would bring images to a place where the kubelet of a node does not look. */
export function misfit(method: Method, node: Node): string | undefined {
  const { containerRuntimeVersion = 'no runtime', kubeletVersion = '', osImage = '' } = node.status?.nodeInfo ?? {}
  const system = /^(?:Talos|Bottlerocket)/.exec(osImage)?.[0].toLowerCase()
  const isFor = method === system || (method === 'bake' && system === 'bottlerocket')
  if (system !== undefined) return isFor ? undefined : `it runs ${osImage}, which has no shell`
  if (method === 'talos' || method === 'bottlerocket') return `it runs ${osImage || 'another system'}`
  const runtime = method === 'bake' ? RUNTIMES.containerd : runtimeFor(method, node)
  const family = runtime?.name === 'docker' || runtime?.name === 'cri-o' ? runtime.name : 'containerd'
  if (!runtime || !containerRuntimeVersion.startsWith(`${family}://`)) {
    return `its kubelet uses ${containerRuntimeVersion}`
  }
  const distribution = /\+(k3s|rke2|k0s)/.exec(kubeletVersion)?.[1]
  const named = ['k3s', 'rke2', 'k0s', 'microk8s', 'kind'].includes(method)
  return named && distribution && distribution !== method ? `its kubelet is ${kubeletVersion}` : undefined
}

/** The profile of minikube that a node belongs to; undefined for nodes of others. */
export function minikubeProfile({ metadata }: Node): string | undefined {
  return metadata?.labels?.['minikube.k8s.io/name']
}

function runtimeByVersion({ status }: Node): Runtime | undefined {
  const prefix = /^(containerd|docker|cri-o):\/\//.exec(status?.nodeInfo?.containerRuntimeVersion ?? '')?.[1]
  return prefix === undefined ? undefined : RUNTIMES[prefix as 'containerd' | 'docker' | 'cri-o']
}
