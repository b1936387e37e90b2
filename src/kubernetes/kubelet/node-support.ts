import type { Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { kubeletMinor } from '../objects/node.ts'
import { objectsOf } from '../objects/resource.ts'

/** Something that a pod asks of its node; `isCertain` where the node is known not to have it. */
export interface Unsupported {
  readonly message: string
  readonly isCertain: boolean
}

/** From this version on kubelets refuse what their runtime does not support, and user namespaces are on. */
const CHECKING_MINOR = 33

/** Kernel settings that every kubelet lets a pod set. Source: kubernetes 1.37, pkg/kubelet/sysctl/safe_sysctls.go. */
const SAFE_SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])

/**
 * What a pod asks of the kubelet and the runtime of its node that they do not have, or do not tell.
 * Source: kubernetes 1.37, pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/userns, pkg/kubelet/sysctl.
 */
export function unsupported(spec: PodSpec, node: Node): Unsupported[] {
  return [...supplementalGroups(spec, node), ...userNamespaces(spec, node), ...unsafeSysctls(spec)]
}

/** Whether a pod asks for anything of the kind, so that nodes differ for it. */
export function asksOfNode(spec: PodSpec): boolean {
  return isStrict(spec) || valueAt(spec, ['hostUsers']) === false
}

function supplementalGroups(spec: PodSpec, node: Node): Unsupported[] {
  if (!isStrict(spec) || valueAt(node.status, ['features', 'supplementalGroupsPolicy']) === true) return []
  const message =
    'supplementalGroupsPolicy: Strict needs a runtime that supports it (SupplementalGroupsPolicyNotSupported)'
  return [{ message, isCertain: isChecking(node) }]
}

function userNamespaces(spec: PodSpec, node: Node): Unsupported[] {
  if (valueAt(spec, ['hostUsers']) !== false) return []
  const handlers = objectsOf(valueAt(node.status, ['runtimeHandlers']) as Record<string, unknown>[] | undefined)
  // Which handler a RuntimeClass stands for is not known here.
  const used = spec.runtimeClassName ? undefined : handlers.find(({ name }) => !name)
  if (valueAt(used, ['features', 'userNamespaces']) === true) return []
  const message = 'hostUsers: false needs a runtime with user namespaces'
  return [{ message, isCertain: used !== undefined && isChecking(node) }]
}

function unsafeSysctls({ securityContext }: PodSpec): Unsupported[] {
  const unsafe = objectsOf(securityContext?.sysctls).find(({ name }) => !SAFE_SYSCTLS.has(name.replaceAll('/', '.')))
  if (!unsafe) return []
  return [{ message: `sysctl ${unsafe.name} needs a kubelet that allows it (SysctlForbidden)`, isCertain: false }]
}

function isStrict(spec: PodSpec): boolean {
  return valueAt(spec, ['securityContext', 'supplementalGroupsPolicy']) === 'Strict'
}

function isChecking(node: Node): boolean {
  return (kubeletMinor(node) ?? 0) >= CHECKING_MINOR
}
