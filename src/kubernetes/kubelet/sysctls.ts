import type { Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { kubeletMinor } from '../objects/node.ts'
import { objectsOf } from '../objects/resource.ts'

/**
 * Kernel settings that every kubelet lets a pod set, and the first version that does, as far as that matters today.
 * Source: kubernetes 1.37, pkg/kubelet/sysctl/safe_sysctls.go.
 */
const SAFE: ReadonlyMap<string, number> = new Map([
  ['kernel.shm_rmid_forced', 0],
  ['net.ipv4.ip_local_port_range', 0],
  ['net.ipv4.tcp_syncookies', 0],
  ['net.ipv4.ping_group_range', 0],
  ['net.ipv4.ip_unprivileged_port_start', 0],
  ['net.ipv4.ip_local_reserved_ports', 27],
  ['net.ipv4.tcp_keepalive_time', 29],
  ['net.ipv4.tcp_fin_timeout', 29],
  ['net.ipv4.tcp_keepalive_intvl', 29],
  ['net.ipv4.tcp_keepalive_probes', 29],
  ['net.ipv4.tcp_rmem', 32],
  ['net.ipv4.tcp_wmem', 32],
])

/** A kernel setting that a kubelet forbids; `isCertain` where it does so whatever it is told. */
interface Forbidden {
  readonly message: string
  readonly isCertain: boolean
}

/** Whether it sets any. */
export function setsSysctls({ securityContext }: PodSpec): boolean {
  return objectsOf(securityContext?.sysctls).length > 0
}

/**
 * The kernel settings of a pod that a kubelet forbids, or may: those of a namespace that is the host's, those that are of
 * no namespace, and what is unsafe unless the kubelet is told to allow it; `allowed` as its `allowedUnsafeSysctls` has it.
 * Source: kubernetes 1.37, pkg/kubelet/sysctl/allowlist.go.
 */
export function forbiddenSysctls(spec: PodSpec, node: Node, allowed: readonly string[]): Forbidden[] {
  return objectsOf(spec.securityContext?.sysctls).flatMap(({ name }) => forbidden(dotted(name), spec, node, allowed))
}

function forbidden(name: string, spec: PodSpec, node: Node, allowed: readonly string[]): Forbidden[] {
  const certain = (why: string) => [{ message: `sysctl ${name} ${why} (SysctlForbidden)`, isCertain: true }]
  const space = namespaceOf(name)
  if (space === 'net' && spec.hostNetwork) return certain('is not allowed with hostNetwork')
  if (space === 'ipc' && spec.hostIPC) return certain('is not allowed with hostIPC')
  if (space === undefined) return certain('is of no namespace, so that no kubelet allows it')
  const since = SAFE.get(name)
  const isSafe = since !== undefined && (kubeletMinor(node) ?? Infinity) >= since
  if (isSafe || allowed.some((pattern) => isAllowed(dotted(pattern), name))) return []
  return [{ message: `sysctl ${name} needs a kubelet that allows it (SysctlForbidden)`, isCertain: false }]
}

function isAllowed(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}

function namespaceOf(name: string): 'net' | 'ipc' | undefined {
  if (name.startsWith('net.')) return 'net'
  return name === 'kernel.sem' || /^(?:kernel\.(?:shm|msg)|fs\.mqueue\.)/.test(name) ? 'ipc' : undefined
}

/** Slashes may stand for dots, and dots for slashes then. Source: k8s.io/component-helpers, node/util/sysctl. */
function dotted(name: string): string {
  const first = /[./]/.exec(name)?.[0]
  return first === '/' ? name.replace(/[./]/g, (sign) => (sign === '/' ? '.' : '/')) : name
}
