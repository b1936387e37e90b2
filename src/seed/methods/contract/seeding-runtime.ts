import type { LockedImage } from '../../../bundle/format/lock.ts'
import type { Finding } from '../../../finding.ts'

/** A directory or socket of the host that a seeding pod sees at its own path. */
export interface HostPath {
  readonly path: string
  readonly type: 'Directory' | 'DirectoryOrCreate' | 'Socket'
  readonly writable?: boolean
  /** Whether mounts that come and go below it on the host must be seen, so that none is held or missed. */
  readonly followsMounts?: boolean
}

/** Where the node script notes what it brought into a runtime whose images carry no labels. */
export const NOTES: HostPath = { path: '/var/lib/nodeseed/brought', type: 'DirectoryOrCreate', writable: true }

/** What a runtime is asked about: the nodes that have it, and what they are to hold. */
export interface RuntimeLoad {
  readonly nodeNames: readonly string[]
  readonly images: readonly LockedImage[]
}

/** A container runtime as a seeding pod meets it: what the node script needs of the host to work with it. */
export interface SeedingRuntime {
  /** The method of the node script. */
  readonly name: string
  /** What a kubelet that uses it reports before `://`. */
  readonly scheme: 'containerd' | 'cri-o' | 'docker'
  readonly hostPaths: readonly HostPath[]
  /** Added where the runtime itself pulls from a registry with authorities of its own. */
  readonly authorityPaths?: readonly HostPath[]
  /** Whether the container must mount, make devices and own files as root does, and tell a process of the host something. */
  readonly privileged: boolean
  /** What it cannot do with some images, said before it is noticed on a node. */
  findings?(loads: readonly RuntimeLoad[]): Finding[]
}
