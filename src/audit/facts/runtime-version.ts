/** A node's container runtime, from `containerd://1.7.27`. */
export interface NodeRuntime {
  readonly name: string
  readonly version: readonly [major: number, minor: number, patch: number]
}

export function parseRuntime(text: string | undefined): NodeRuntime | undefined {
  const match = /^([a-z-]+):\/\/v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? '')
  if (!match) return undefined
  return { name: match[1] ?? '', version: [Number(match[2]), Number(match[3]), Number(match[4] ?? 0)] }
}

/**
 * Whether the runtime can tell the kubelet to keep an image: containerd from 1.6.22 and 1.7.3, CRI-O from 1.28, docker
 * never. Undefined for a runtime that is not known.
 */
export function canPin({ name, version: [major, minor, patch] }: NodeRuntime): boolean | undefined {
  if (name === 'docker') return false
  if (name === 'cri-o') return major > 1 || minor >= 28
  if (name !== 'containerd') return undefined
  if (major !== 1) return major > 1
  if (minor === 6) return patch >= 22
  if (minor === 7) return patch >= 3
  return minor > 7
}
