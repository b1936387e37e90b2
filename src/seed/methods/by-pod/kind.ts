import { quote } from '../../../quote.ts'
import type { Method } from '../contract/method.ts'
import { containerd } from './containerd.ts'
import { usesContainerd } from './containerd-runtime.ts'

/** Nodes are containers of their own name: docker's, or podman's and nerdctl's, whose commands are the same. */
export const kind = {
  name: 'kind',
  readme: { node: 'kind', how: 'the same DaemonSet; `seed` prints the command that brings the bundle in' },
  seeding: {
    by: 'pod',
    isReportedBy: (node) => usesContainerd(node) && (node.spec?.providerID?.startsWith('kind://') ?? false),
    runtimeOf: containerd.seeding.runtimeOf,
    isDistribution: true,
    carryCommand: ({ node, bundle, bundlePath }) => {
      const directory = quote(bundlePath.slice(0, bundlePath.lastIndexOf('/')) || '/')
      return `docker exec ${node} mkdir -p ${directory} && docker cp ${quote(bundle)} ${quote(`${node}:${bundlePath}`)}`
    },
  },
} as const satisfies Method
