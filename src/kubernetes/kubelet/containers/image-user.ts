import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'

/** Whether a container must not run as root, and leaves it to its image which user it runs as. Windows goes by names. */
export function asksImageUser(container: Partial<Container>, spec: PodSpec): boolean {
  const isWindows = spec.os?.name === 'windows' || spec.nodeSelector?.['kubernetes.io/os'] === 'windows'
  const { isNonRoot, user } = userOf(container, spec)
  return isNonRoot && !isWindows && user === undefined
}

/** What a container and its pod say of its user: the container's word counts, where it has one. */
export function userOf(
  { securityContext: own }: Partial<Container>,
  { securityContext: pod }: PodSpec,
): { readonly isNonRoot: boolean; readonly user: number | undefined } {
  const user = own?.runAsUser ?? pod?.runAsUser
  return { isNonRoot: (own?.runAsNonRoot ?? pod?.runAsNonRoot) === true, user: user ?? undefined }
}

/**
 * Why the kubelet starts no container with runAsNonRoot from an image of that `User`; undefined where it does. Sources:
 * kubernetes 1.36, pkg/kubelet/kuberuntime/security_context_others.go; containerd 2 and CRI-O, getUserFromImage.
 */
export function imageUserProblem(user: string): string | undefined {
  const [name = ''] = user.split(':')
  if (name === '') return 'runs as root: it names no user'
  const isNumber = /^[+-]?\d+$/.test(name) && fits64(name)
  if (!isNumber) return `names its user ${JSON.stringify(name)} in letters, which may be root`
  return Number(name) === 0 ? `runs as root: its user is ${name}` : undefined
}

/** A number as Go reads it; a larger one is a name. */
function fits64(digits: string): boolean {
  const number = BigInt(digits.replace('+', ''))
  return BigInt.asIntN(64, number) === number
}
