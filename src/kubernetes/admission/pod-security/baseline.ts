import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../../objects/resource.ts'
import type { Labels } from '../../pods/label-selector.ts'
import { APPARMOR_ANNOTATION } from '../apparmor-annotations.ts'

/** A pod as the standard looks at it. */
interface SecuredPod {
  readonly spec: PodSpec
  /** Of every kind. */
  readonly containers: readonly Container[]
  readonly annotations: Labels
  /** Of the version of the standard that is enforced; infinite for the latest. */
  readonly minor: number
}

/** What a security context may say, newer fields too. */
interface Context {
  readonly privileged?: boolean
  readonly procMount?: string
  readonly capabilities?: { readonly add?: readonly string[] }
  readonly seccompProfile?: { readonly type?: string }
  readonly appArmorProfile?: { readonly type?: string }
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string }
  readonly windowsOptions?: { readonly hostProcess?: boolean }
}

const CAPABILITIES: ReadonlySet<string> = new Set(
  (
    'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID ' +
    'SYS_CHROOT'
  ).split(' '),
)
const SYSCTLS: ReadonlySet<string> = new Set([
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start'],
  ...['net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  ...['net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
])
const SELINUX_TYPES: ReadonlySet<string> = new Set([
  '',
  ...['container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'],
])
/** From this version on probes and hooks of other hosts are refused. */
const HOSTS_SINCE = 34

/** The first thing that the level baseline refuses. */
export function baselineProblem({ spec, containers, annotations, minor }: SecuredPod): string | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).find((key) => spec[key] === true)
  if (shared) return shared
  const hostPath = objectsOf(spec.volumes).find((volume) => volume.hostPath !== undefined)
  if (hostPath) return `hostPath volume ${hostPath.name}`
  const sysctl = objectsOf(spec.securityContext?.sysctls).find(({ name }) => !SYSCTLS.has(name))
  if (sysctl) return `sysctl ${sysctl.name}`
  const profile = Object.entries(annotations).find(
    ([key, value]) => key.startsWith(APPARMOR_ANNOTATION) && !/^(?:runtime\/default|localhost\/.*|)$/.test(value),
  )
  if (profile) return `AppArmor profile ${profile[1]}`
  const ofPod = contextProblem(spec.securityContext as Context | undefined)
  if (ofPod !== undefined) return ofPod
  for (const container of containers) {
    const problem = containerProblem(container) ?? contextProblem(container.securityContext as Context | undefined)
    if (problem !== undefined) return `${problem} of container ${container.name}`
    const host = minor >= HOSTS_SINCE ? hostOf(container) : undefined
    if (host !== undefined) return `host ${host} of a probe or hook of container ${container.name}`
  }
  return undefined
}

function containerProblem({ ports, securityContext }: Container): string | undefined {
  const { privileged, capabilities, procMount } = (securityContext ?? {}) as Context
  const added = (capabilities?.add ?? []).find((capability) => !CAPABILITIES.has(capability))
  if (privileged) return 'privileged'
  if (added !== undefined) return `capability ${added}`
  if (objectsOf(ports).some(({ hostPort }) => (hostPort ?? 0) > 0)) return 'host port'
  return procMount !== undefined && procMount !== 'Default' ? `procMount ${procMount}` : undefined
}

/** What contexts of pods and of containers may both say. */
function contextProblem(context: Context | undefined): string | undefined {
  const {
    seccompProfile,
    appArmorProfile,
    seLinuxOptions: { type = '', user, role } = {},
    windowsOptions,
  } = context ?? {}
  if (windowsOptions?.hostProcess) return 'hostProcess'
  if (seccompProfile?.type === 'Unconfined') return 'seccompProfile Unconfined'
  if (appArmorProfile?.type === 'Unconfined') return 'appArmorProfile Unconfined'
  if (!SELINUX_TYPES.has(type)) return `SELinux type ${type}`
  return user || role ? `SELinux ${user ? `user ${user}` : `role ${role}`}` : undefined
}

/** A host that a probe or a hook asks, which is not the pod. */
function hostOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string | undefined {
  const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]
  return handlers.flatMap((one) => [one?.httpGet?.host, one?.tcpSocket?.host]).find(Boolean)
}
