import { type Finding, finding } from '../../../finding.ts'
import type { Method } from '../contract/method.ts'
import { NOTES, type RuntimeLoad, type SeedingRuntime } from '../contract/seeding-runtime.ts'

/**
 * skopeo or podman write where CRI-O reads, with the host's own settings: they unpack layers with owners and devices, and
 * mount overlays to see whether they can.
 */
const RUNTIME: SeedingRuntime = {
  name: 'cri-o',
  scheme: 'cri-o',
  hostPaths: [
    { path: '/etc/containers', type: 'Directory' },
    { path: '/etc/crio', type: 'DirectoryOrCreate', writable: true },
    { path: '/var/lib/containers', type: 'DirectoryOrCreate', writable: true, followsMounts: true },
    { path: '/run/crio', type: 'DirectoryOrCreate' },
    { path: '/run/containers', type: 'DirectoryOrCreate', writable: true, followsMounts: true },
    NOTES,
  ],
  privileged: true,
  findings: nestedIndexes,
}

export const crio = {
  name: 'cri-o',
  otherNames: ['crio', 'cri_o'],
  readme: {
    node: 'CRI-O',
    how: "the DaemonSet (privileged), by the node's skopeo or podman, with `pinned_images`",
  },
  script: {
    does: "into containers-storage, by skopeo or podman; pinned in CRI-O's configuration",
    isLookedFor: true,
    isForLoad: true,
  },
  seeding: {
    by: 'pod',
    isReportedBy: ({ status }) => status?.nodeInfo?.containerRuntimeVersion?.startsWith('cri-o://') ?? false,
    runtimeOf: () => RUNTIME,
  },
} as const satisfies Method

function nestedIndexes(loads: readonly RuntimeLoad[]): Finding[] {
  const nested = loads.flatMap(({ images }) => images.filter(({ indexes = [] }) => indexes.length > 0))
  const problem = 'is an index that lists indexes: CRI-O can neither pull nor hold such an image'
  return [...new Set(nested)].map(({ reference }) => finding('NESTED_INDEX', `${reference} ${problem}`))
}
