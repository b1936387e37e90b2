import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { podSecurityProblem } from '../../src/kubernetes/admission/pod-security/pod-security.ts'

type Part = Readonly<Record<string, unknown>>

interface Row {
  readonly pod?: Part
  readonly container?: Part
  readonly annotations?: Record<string, string>
  readonly version?: string
}

const problemAt = (level: string, { pod, container, annotations, version }: Row) =>
  podSecurityProblem({ containers: [{ name: 'c', ...container }], ...pod } as unknown as PodSpec, annotations, {
    'pod-security.kubernetes.io/enforce': level,
    ...(version !== undefined && { 'pod-security.kubernetes.io/enforce-version': version }),
  })?.problem

const context = (securityContext: Part): Row => ({ container: { securityContext } })
const podContext = (securityContext: Part): Row => ({ pod: { securityContext } })
const probe = { livenessProbe: { httpGet: { host: '10.0.0.1', port: 80 } } }

// Each control of the level baseline. Source: kubernetes.io/docs/concepts/security/pod-security-standards.
test.for<[row: Row, problem: string | undefined]>([
  [{}, undefined],
  [{ pod: { hostPID: true } }, 'hostPID'],
  [{ pod: { hostIPC: true } }, 'hostIPC'],
  [{ pod: { volumes: [{ name: 'v', hostPath: { path: '/' } }] } }, 'hostPath volume v'],
  [context({ privileged: true }), 'privileged of container c'],
  [{ pod: { initContainers: [{ name: 'i', securityContext: { privileged: true } }] } }, 'privileged of container i'],
  [
    { pod: { ephemeralContainers: [{ name: 'e', securityContext: { privileged: true } }] } },
    'privileged of container e',
  ],
  [context({ capabilities: { add: ['CHOWN', 'SYS_ADMIN'] } }), 'capability SYS_ADMIN of container c'],
  [context({ capabilities: { add: ['NET_BIND_SERVICE'] } }), undefined],
  [{ container: { ports: [{ containerPort: 1, hostPort: 80 }] } }, 'host port of container c'],
  [{ container: { ports: [{ containerPort: 1, hostPort: 0 }] } }, undefined],
  [context({ procMount: 'Unmasked' }), 'procMount Unmasked of container c'],
  [context({ procMount: 'Default' }), undefined],
  [context({ windowsOptions: { hostProcess: true } }), 'hostProcess of container c'],
  [podContext({ windowsOptions: { hostProcess: true } }), 'hostProcess'],
  [context({ seccompProfile: { type: 'Unconfined' } }), 'seccompProfile Unconfined of container c'],
  [podContext({ seccompProfile: { type: 'Unconfined' } }), 'seccompProfile Unconfined'],
  [podContext({ seccompProfile: { type: 'Localhost' } }), undefined],
  [context({ appArmorProfile: { type: 'Unconfined' } }), 'appArmorProfile Unconfined of container c'],
  [podContext({ appArmorProfile: { type: 'RuntimeDefault' } }), undefined],
  [
    { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } },
    'AppArmor profile unconfined',
  ],
  [{ annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'localhost/x' } }, undefined],
  [context({ seLinuxOptions: { type: 'spc_t' } }), 'SELinux type spc_t of container c'],
  [context({ seLinuxOptions: { type: 'container_t', level: 's0' } }), undefined],
  [podContext({ seLinuxOptions: { user: 'root' } }), 'SELinux user root'],
  [podContext({ seLinuxOptions: { role: 'r' } }), 'SELinux role r'],
  [podContext({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] }), 'sysctl kernel.msgmax'],
  [podContext({ sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] }), undefined],
  [{ container: probe }, 'host 10.0.0.1 of a probe or hook of container c'],
  [{ container: probe, version: 'v1.33' }, undefined],
  [{ container: probe, version: 'latest' }, 'host 10.0.0.1 of a probe or hook of container c'],
  [
    { container: { lifecycle: { preStop: { tcpSocket: { host: 'x', port: 1 } } } } },
    'host x of a probe or hook of container c',
  ],
  [{ container: { readinessProbe: { httpGet: { port: 80 } } } }, undefined],
])('baseline: %j: %s', ([row, problem]) => {
  expect(problemAt('baseline', row)).toBe(problem)
  expect(problemAt('privileged', row)).toBeUndefined()
  if (problem !== undefined) expect(problemAt('restricted', row)).toBe(problem)
})

const SECURED = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}
const without = (key: keyof typeof SECURED, more: Part = {}): Row => {
  const { [key]: _, ...rest } = SECURED
  return { container: { securityContext: { ...rest, ...more } } }
}

test.for<[row: Row, problem: string | undefined]>([
  [context(SECURED), undefined],
  [without('allowPrivilegeEscalation'), 'allowPrivilegeEscalation is not false of container c'],
  [without('capabilities'), 'capabilities are not dropped of container c'],
  [
    without('capabilities', { capabilities: { drop: ['ALL'], add: ['CHOWN'] } }),
    'capabilities are added of container c',
  ],
  [without('capabilities', { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }), undefined],
  [without('runAsNonRoot'), 'runAsNonRoot is not true of container c'],
  [{ ...without('runAsNonRoot'), ...podContext({ runAsNonRoot: true }) }, undefined],
  [
    { ...without('runAsNonRoot', { runAsNonRoot: false }), ...podContext({ runAsNonRoot: true }) },
    'runAsNonRoot is not true of container c',
  ],
  [context({ ...SECURED, runAsUser: 0 }), 'runAsUser 0 of container c'],
  [{ ...context(SECURED), ...podContext({ runAsUser: 0 }) }, 'runAsUser 0'],
  [without('seccompProfile'), 'no seccompProfile of container c'],
  [{ ...without('seccompProfile'), ...podContext({ seccompProfile: { type: 'RuntimeDefault' } }) }, undefined],
  [{ ...context(SECURED), pod: { volumes: [{ name: 'v', nfs: {} }] } }, 'type of volume v'],
  [{ ...context(SECURED), pod: { volumes: [{ name: 'v', emptyDir: {} }] } }, undefined],
  [{ ...context({ runAsNonRoot: true }), pod: { os: { name: 'windows' } } }, undefined],
  [{ pod: { os: { name: 'windows' } } }, 'runAsNonRoot is not true of container c'],
])('restricted: %j: %s', ([row, problem]) => {
  expect(problemAt('restricted', row)).toBe(problem)
})
