import type { Node } from 'kubernetes-types/core/v1.js'
import { quote } from '../../../quote.ts'
import type { Method } from '../contract/method.ts'
import type { SeedingRuntime } from '../contract/seeding-runtime.ts'
import { containerd } from './containerd.ts'
import { crio } from './cri-o.ts'
import { docker } from './docker.ts'

/** Nodes are ordinary ones inside: Debian or Ubuntu with containerd, docker or CRI-O. */
export const minikube = {
  name: 'minikube',
  readme: { node: 'minikube', how: 'the same DaemonSet; `seed` prints the command that brings the bundle in' },
  seeding: {
    by: 'pod',
    isReportedBy: (node) => profileOf(node) !== undefined && runtimeOf(node) !== undefined,
    runtimeOf,
    profileOf: (node) => profileOf(node) ?? 'minikube',
    carryCommand: ({ node, profile, bundle, bundlePath }) => {
      const directory = quote(bundlePath.slice(0, bundlePath.lastIndexOf('/')) || '/')
      const minikube = profile === undefined ? 'minikube' : `minikube -p ${quote(profile)}`
      const make = `${minikube} ssh -n ${node} -- sudo mkdir -p ${directory}`
      return `${make} && ${minikube} cp ${quote(bundle)} ${quote(`${node}:${bundlePath}`)}`
    },
  },
} as const satisfies Method

function profileOf({ metadata }: Node): string | undefined {
  return metadata?.labels?.['minikube.k8s.io/name']
}

function runtimeOf(node: Node): SeedingRuntime | undefined {
  return [containerd, docker, crio].find(({ seeding }) => seeding.isReportedBy(node))?.seeding.runtimeOf()
}
