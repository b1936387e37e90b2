/** What kubeadm of one version puts beside the components of Kubernetes: tags. */
export interface KubeadmParts {
  readonly coredns: string
  readonly etcd: string
  readonly pause: string
}

/** Parts of each minor version from a patch on, which move within it. Source: constants.go of kubeadm, each release. */
const PARTS: readonly (readonly [minor: number, patch: number, coredns: string, etcd: string, pause: string])[] = [
  [25, 0, 'v1.9.3', '3.5.4-0', '3.8'],
  [25, 4, 'v1.9.3', '3.5.5-0', '3.8'],
  [25, 5, 'v1.9.3', '3.5.6-0', '3.8'],
  [25, 15, 'v1.9.3', '3.5.9-0', '3.8'],
  [26, 0, 'v1.9.3', '3.5.6-0', '3.9'],
  [26, 10, 'v1.9.3', '3.5.9-0', '3.9'],
  [26, 13, 'v1.9.3', '3.5.10-0', '3.9'],
  [27, 0, 'v1.10.1', '3.5.7-0', '3.9'],
  [27, 7, 'v1.10.1', '3.5.9-0', '3.9'],
  [27, 10, 'v1.10.1', '3.5.10-0', '3.9'],
  [27, 12, 'v1.10.1', '3.5.12-0', '3.9'],
  [28, 0, 'v1.10.1', '3.5.9-0', '3.9'],
  [28, 6, 'v1.10.1', '3.5.10-0', '3.9'],
  [28, 8, 'v1.10.1', '3.5.12-0', '3.9'],
  [28, 14, 'v1.10.1', '3.5.15-0', '3.9'],
  [29, 0, 'v1.11.1', '3.5.10-0', '3.9'],
  [29, 3, 'v1.11.1', '3.5.12-0', '3.9'],
  [29, 9, 'v1.11.1', '3.5.15-0', '3.9'],
  [29, 11, 'v1.11.1', '3.5.16-0', '3.9'],
  [30, 0, 'v1.11.1', '3.5.12-0', '3.9'],
  [30, 5, 'v1.11.3', '3.5.15-0', '3.9'],
  [31, 0, 'v1.11.1', '3.5.15-0', '3.10'],
  [31, 1, 'v1.11.3', '3.5.15-0', '3.10'],
  [31, 14, 'v1.11.3', '3.5.24-0', '3.10'],
  [32, 0, 'v1.11.3', '3.5.16-0', '3.10'],
  [32, 10, 'v1.11.3', '3.5.24-0', '3.10'],
  [33, 0, 'v1.12.0', '3.5.21-0', '3.10'],
  [33, 6, 'v1.12.0', '3.5.24-0', '3.10'],
  [34, 0, 'v1.12.1', '3.6.4-0', '3.10.1'],
  [34, 2, 'v1.12.1', '3.6.5-0', '3.10.1'],
  [35, 0, 'v1.13.1', '3.6.6-0', '3.10.1'],
  [36, 0, 'v1.14.2', '3.6.8-0', '3.10.2'],
]

/** The last patch of each minor version, from 1.25, whose parts are known. */
const LAST_PATCHES: readonly number[] = [16, 15, 16, 15, 15, 14, 14, 13, 13, 10, 7, 3]
const FIRST_MINOR = 25

/** A version of Kubernetes; `patch` is undefined where only a minor version is said. */
export interface KubernetesVersion {
  readonly minor: number
  readonly patch: number | undefined
  readonly isRelease: boolean
  /** As a tag: `v1.34.1`. */
  readonly text: string
}

/** Reads `v1.34.1`, `1.34`, `v1.35.0-rc.1`, `v1.34.1+x`; undefined for labels such as `stable`, which move. */
export function kubernetesVersion(text: string): KubernetesVersion | undefined {
  const [, minor, patch, more = ''] = /^v?1\.(\d{1,3})(?:\.(\d{1,3})([-+][\w.+-]{1,60})?)?$/.exec(text) ?? []
  if (minor === undefined) return undefined
  return {
    minor: Number(minor),
    patch: patch === undefined ? undefined : Number(patch),
    isRelease: !more.startsWith('-'),
    // kubeadm writes the plus of a build as an underscore.
    text: `v1.${minor}${patch === undefined ? '' : `.${patch}`}${more.replaceAll('+', '_')}`,
  }
}

/** The newest patch of a minor version whose parts are known. */
export function lastPatchOf(minor: number): number | undefined {
  return minor < FIRST_MINOR ? undefined : LAST_PATCHES[minor - FIRST_MINOR]
}

/** What kubeadm of a version takes beside; undefined for minor versions that are not known. */
export function kubeadmParts({
  minor,
  patch = 0,
}: Pick<KubernetesVersion, 'minor' | 'patch'>): KubeadmParts | undefined {
  const row = PARTS.findLast(([rowMinor, from]) => rowMinor === minor && from <= patch)
  return row && { coredns: row[2], etcd: row[3], pause: row[4] }
}
