import { findGoProgram } from './go-module.ts'

/** A directory with the programs of a containerd, built once by Go below `base`. */
export function findContainerd(base: string, version: string): Promise<string> {
  const major = version.startsWith('1.') ? '' : `/v${version.split('.')[0]}`
  return findGoProgram(base, `containerd-${version}`, {
    title: 'containerd',
    module: `github.com/containerd/containerd${major}`,
    version,
    packages: ['cmd/ctr', 'cmd/containerd-shim-runc-v2', 'cmd/containerd'],
    tags: 'no_btrfs no_devmapper no_zfs',
  })
}
