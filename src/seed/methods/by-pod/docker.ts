import { type Finding, finding } from '../../../finding.ts'
import { listNames } from '../../../plural.ts'
import type { Method } from '../contract/method.ts'
import { NOTES, type RuntimeLoad, type SeedingRuntime } from '../contract/seeding-runtime.ts'

const RUNTIME: SeedingRuntime = {
  name: 'docker',
  scheme: 'docker',
  hostPaths: [{ path: '/var/run/docker.sock', type: 'Socket' }, NOTES],
  // dockerd pulls by itself, and looks for the authorities of a registry there.
  authorityPaths: [{ path: '/etc/docker', type: 'DirectoryOrCreate', writable: true }],
  privileged: false,
  findings: digestsLost,
}

export const docker = {
  name: 'docker',
  otherNames: ['cri-dockerd', 'dockerd', 'moby'],
  readme: {
    node: 'docker with cri-dockerd',
    how: "the DaemonSet, by the node's docker; classic stores lose digests, which is reported",
  },
  script: { does: 'docker load', isLookedFor: true, isForLoad: true },
  seeding: {
    by: 'pod',
    isReportedBy: ({ status }) => status?.nodeInfo?.containerRuntimeVersion?.startsWith('docker://') ?? false,
    runtimeOf: () => RUNTIME,
  },
} as const satisfies Method

function digestsLost(loads: readonly RuntimeLoad[]): Finding[] {
  const nodes = loads.flatMap(({ nodeNames }) => nodeNames)
  const message = `docker's classic image store keeps no registry digests: a pod that names one would pull on ${listNames(nodes)}`
  return [finding('DIGESTS_LOST', message)]
}
