import type { Node } from 'kubernetes-types/core/v1.js'
import type { Method, ScriptMethod } from '../contract/method.ts'
import type { HostPath, SeedingRuntime } from '../contract/seeding-runtime.ts'

/** What is said of every method that imports into the containerd of a node. */
export const BY_DAEMON_SET = 'the seeding DaemonSet, or `sh seed.sh BUNDLE` on the node'
export const BY_OWN_CTR: ScriptMethod = {
  does: 'import by the ctr of its containerd',
  isLookedFor: true,
  isForLoad: true,
}

export function usesContainerd({ status }: Node): boolean {
  return status?.nodeInfo?.containerRuntimeVersion?.startsWith('containerd://') ?? false
}

/**
 * A containerd: its socket's directory, as the socket is made anew at every start; where images lie, to see the space
 * left (images may lie elsewhere, then only that look is lost); its configuration, which names the snapshotter; and
 * programs that are not below /usr, /bin or /sbin.
 */
export function containerdRuntime(
  name: string,
  { socket, storage, configuration }: { socket: string; storage: string; configuration: string },
  ...programs: HostPath[]
): SeedingRuntime {
  const hostPaths = [
    { path: socket, type: 'Directory' as const },
    { path: storage, type: 'DirectoryOrCreate' as const },
    { path: configuration, type: 'DirectoryOrCreate' as const },
    ...programs,
  ]
  return { name, scheme: 'containerd', hostPaths, privileged: false }
}

/** What a distribution that builds its own kubelet, and names itself in its version, is reported and seeded by. */
export function distribution(kubeletVersion: RegExp, runtime: SeedingRuntime): NonNullable<Method['seeding']> {
  return {
    by: 'pod',
    isReportedBy: (node) => usesContainerd(node) && kubeletVersion.test(node.status?.nodeInfo?.kubeletVersion ?? ''),
    runtimeOf: () => runtime,
    isDistribution: true,
    kubeletVersion,
  }
}
