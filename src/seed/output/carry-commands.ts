import type { NodePlacement } from '../plan.ts'
import { quote } from './quote.ts'

/**
 * What brings a bundle from this machine into nodes that are containers or machines of this machine. kind's nodes are
 * containers of their own name (docker's, or podman's and nerdctl's, whose commands are the same); minikube copies by
 * itself.
 */
export function carryCommands(
  nodes: readonly Pick<NodePlacement, 'node' | 'method' | 'profile'>[],
  bundle: string,
  bundlePath: string,
): string[] {
  const directory = quote(bundlePath.slice(0, bundlePath.lastIndexOf('/')) || '/')
  return nodes.flatMap(({ node, method, profile }) => {
    if (method === 'kind') {
      return `docker exec ${node} mkdir -p ${directory} && docker cp ${quote(bundle)} ${quote(`${node}:${bundlePath}`)}`
    }
    if (method !== 'minikube') return []
    const minikube = profile === undefined ? 'minikube' : `minikube -p ${quote(profile)}`
    const make = `${minikube} ssh -n ${node} -- sudo mkdir -p ${directory}`
    return `${make} && ${minikube} cp ${quote(bundle)} ${quote(`${node}:${bundlePath}`)}`
  })
}
