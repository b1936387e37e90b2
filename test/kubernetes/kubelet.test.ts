import type { Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { admittedPod } from '../../src/kubernetes/admission/admitted-pod.ts'
import { unsupported } from '../../src/kubernetes/kubelet/node-support.ts'
import { pressureRefusal } from '../../src/kubernetes/kubelet/pressure.ts'
import { type KubeletSettings, parseKubeletConfig } from '../../src/kubernetes/objects/kubelet-config.ts'
import { placementRefusal } from '../../src/kubernetes/placement/placement.ts'
import { nodeDoubts } from '../../src/kubernetes/scheduler/node-doubts.ts'
import { schedulablePod } from '../../src/kubernetes/scheduler/schedulable-pod.ts'
import { node, workload } from '../support/cluster.ts'

const onKubelet = (kubeletVersion: string, status: object = {}): Node =>
  node('n1', { status: { nodeInfo: { architecture: 'amd64', operatingSystem: 'linux', kubeletVersion }, ...status } })

const strict = { securityContext: { supplementalGroupsPolicy: 'Strict' } }
const handler = (userNamespaces: boolean) => ({ runtimeHandlers: [{ name: '', features: { userNamespaces } }] })
const onRuntime = (kubeletVersion: string, containerRuntimeVersion: string): Node =>
  node('n1', { status: { nodeInfo: { kubeletVersion, containerRuntimeVersion } } })
const mounting = {
  containers: [{ name: 'c', image: 'web:1', volumeMounts: [{ name: 'm', mountPath: '/m' }] }],
  volumes: [{ name: 'm', image: { reference: 'model:1' } }],
}
const handlers = (...names: string[]) => ({ runtimeHandlers: names.map((name) => ({ name })) })
const sidecar = { initContainers: [{ name: 's', image: 'web:1', restartPolicy: 'Always' }] }
const ofContainer = (more: object) => ({ containers: [{ name: 'c', image: 'web:1', ...more }] })
const stopped = (stopSignal: string) => ofContainer({ lifecycle: { stopSignal } })
const fromFile = ofContainer({
  env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'A' } } }],
})
const projected = (source: object) => ({ volumes: [{ name: 'v', projected: { sources: [source] } }] })
const profile = (key: string, type: string) => ({
  securityContext: { [key]: { type, ...(type === 'Localhost' && { localhostProfile: 'x' }) } },
})
const mounted = (source: object) => ({
  ...ofContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
  volumes: [{ name: 'v', ...source }],
})
const inHugePages = (medium: string, ...sizes: string[]) => {
  const limits = { memory: '1Gi', ...Object.fromEntries(sizes.map((size) => [`hugepages-${size}`, '2Gi'])) }
  const { volumes, containers } = mounted({ emptyDir: { medium } })
  return { volumes, containers: containers.map((one) => ({ ...one, resources: { limits } })) }
}
const onSystem = (osImage: string) => node('n1', { status: { nodeInfo: { kubeletVersion: 'v1.37.2', osImage } } })
const sysctls = (...names: string[]) => ({ securityContext: { sysctls: names.map((name) => ({ name, value: '1' })) } })

test.for<[gates: Record<string, boolean>, spec: object, on: Node, isSupported: boolean]>([
  [{ ImageVolume: false }, mounting, onRuntime('v1.36.0', 'containerd://2.1.4'), false],
  [{ ImageVolume: true }, mounting, onRuntime('v1.33.0', 'containerd://2.1.4'), true],
  [{}, mounting, onRuntime('v1.33.0', 'containerd://2.1.4'), false],
  [{ UserNamespacesSupport: false }, { hostUsers: false }, onKubelet('v1.37.2', handler(true)), false],
  [{ UserNamespacesSupport: true }, { hostUsers: false }, onKubelet('v1.37.2', handler(true)), true],
])('what the gates %j of a kubelet leave', ([gates, spec, on, isSupported]) => {
  expect(unsupported({ spec: spec as PodSpec, handler: '' }, on, gates).length === 0).toBe(isSupported)
})

test.for<[rule: string, spec: object, on: Node, answer: 'starts' | 'fails' | 'unknown', handler?: string]>([
  ['nothing is asked', {}, onKubelet('v1.37.2'), 'starts'],
  ['strict groups without the feature', strict, onKubelet('v1.37.2'), 'fails'],
  [
    'strict groups where it is off',
    strict,
    onKubelet('v1.37.2', { features: { supplementalGroupsPolicy: false } }),
    'fails',
  ],
  [
    'strict groups with the feature',
    strict,
    onKubelet('v1.37.2', { features: { supplementalGroupsPolicy: true } }),
    'starts',
  ],
  ['strict groups on a kubelet that does not check', strict, onKubelet('v1.31.0'), 'unknown'],
  ['merged groups', { securityContext: { supplementalGroupsPolicy: 'Merge' } }, onKubelet('v1.37.2'), 'starts'],
  ['user namespaces that the runtime has', { hostUsers: false }, onKubelet('v1.37.2', handler(true)), 'starts'],
  ['user namespaces that it has not', { hostUsers: false }, onKubelet('v1.37.2', handler(false)), 'fails'],
  ['user namespaces, and the node does not tell', { hostUsers: false }, onKubelet('v1.37.2'), 'unknown'],
  [
    'user namespaces of a RuntimeClass',
    { hostUsers: false, runtimeClassName: 'kata' },
    onKubelet('v1.37.2', handler(true)),
    'unknown',
  ],
  [
    'a handler that the runtime has',
    { runtimeClassName: 'kata' },
    onKubelet('v1.37.2', handlers('', 'kata')),
    'starts',
    'kata',
  ],
  [
    'a handler that it has not',
    { runtimeClassName: 'kata' },
    onKubelet('v1.37.2', handlers('', 'runc')),
    'fails',
    'kata',
  ],
  ['a handler, and the node does not tell', { runtimeClassName: 'kata' }, onKubelet('v1.29.0'), 'unknown', 'kata'],
  ['an image volume', mounting, onRuntime('v1.36.0', 'containerd://2.1.4'), 'starts'],
  [
    'an image volume that nothing mounts',
    { volumes: mounting.volumes },
    onRuntime('v1.30.0', 'docker://28.0.0'),
    'starts',
  ],
  ['an image volume, off by default', mounting, onRuntime('v1.34.2', 'containerd://2.1.4'), 'unknown'],
  ['an image volume, and containerd is too old', mounting, onRuntime('v1.36.0', 'containerd://2.0.5'), 'fails'],
  ['an image volume, and CRI-O is too old', mounting, onRuntime('v1.36.0', 'cri-o://1.30.4'), 'fails'],
  ['an image volume on CRI-O', mounting, onRuntime('v1.36.0', 'cri-o://1.36.1'), 'starts'],
  ['an image volume on docker', mounting, onRuntime('v1.36.0', 'docker://28.0.0'), 'fails'],
  ['a sidecar', sidecar, onKubelet('v1.29.0'), 'starts'],
  ['a sidecar, and the kubelet is too old', sidecar, onKubelet('v1.27.4'), 'unknown'],
  ['a restart policy of a container', ofContainer({ restartPolicy: 'Never' }), onKubelet('v1.35.0'), 'starts'],
  ['a restart policy of a container, before', ofContainer({ restartPolicy: 'Never' }), onKubelet('v1.34.1'), 'unknown'],
  [
    'restart rules, before',
    ofContainer({ restartPolicyRules: [{ action: 'Restart' }] }),
    onKubelet('v1.34.1'),
    'unknown',
  ],
  ['a host name of its own', { hostnameOverride: 'a.b' }, onKubelet('v1.35.0'), 'starts'],
  ['a host name of its own, before', { hostnameOverride: 'a.b' }, onKubelet('v1.34.1'), 'unknown'],
  ['a stop signal of no system', stopped('SIGTERM'), onKubelet('v1.37.2'), 'unknown'],
  ['a stop signal of Linux', { ...stopped('SIGUSR1'), os: { name: 'linux' } }, onKubelet('v1.37.2'), 'starts'],
  ['a variable from a file', fromFile, onKubelet('v1.35.0'), 'starts'],
  ['a variable from a file, before', fromFile, onKubelet('v1.34.1'), 'unknown'],
  ['a projected certificate', projected({ podCertificate: {} }), onKubelet('v1.37.2'), 'unknown'],
  ['a projected bundle of trust', projected({ clusterTrustBundle: {} }), onKubelet('v1.37.2'), 'unknown'],
  ['one that may lack', projected({ clusterTrustBundle: { optional: true } }), onKubelet('v1.37.2'), 'starts'],
  ['a projected Secret', projected({ secret: { name: 'x' } }), onKubelet('v1.27.4'), 'starts'],
  ['the users of the host', { hostUsers: true }, onKubelet('v1.37.2'), 'starts'],
  ['a safe sysctl', sysctls('net.ipv4.tcp_syncookies'), onKubelet('v1.37.2'), 'starts'],
  ['a safe sysctl with slashes', sysctls('net/ipv4/tcp_syncookies'), onKubelet('v1.37.2'), 'starts'],
  ['a sysctl that was unsafe then', sysctls('net.ipv4.tcp_rmem'), onKubelet('v1.31.1'), 'unknown'],
  ['an unsafe sysctl', sysctls('kernel.msgmax'), onKubelet('v1.37.2'), 'unknown'],
  ['an unsafe sysctl among safe ones', sysctls('kernel.shm_rmid_forced', 'net.x'), onKubelet('v1.37.2'), 'unknown'],
  [
    'a sysctl of the network of the host',
    { ...sysctls('net.ipv4.tcp_syncookies'), hostNetwork: true },
    onKubelet('v1.37.2'),
    'fails',
  ],
  ['a sysctl of the memory of the host', { ...sysctls('kernel/sem'), hostIPC: true }, onKubelet('v1.37.2'), 'fails'],
  [
    'a sysctl beside the network of the host',
    { ...sysctls('kernel.shm_rmid_forced'), hostNetwork: true },
    onKubelet('v1.37.2'),
    'starts',
  ],
  ['a profile of the node', profile('seccompProfile', 'Localhost'), onKubelet('v1.37.2'), 'unknown'],
  ['the usual seccomp profile', profile('seccompProfile', 'RuntimeDefault'), onKubelet('v1.37.2'), 'starts'],
  [
    'an AppArmor profile of the node',
    profile('appArmorProfile', 'Localhost'),
    onSystem('Ubuntu 24.04.1 LTS'),
    'unknown',
  ],
  [
    'AppArmor where it is usual',
    profile('appArmorProfile', 'RuntimeDefault'),
    onSystem('Ubuntu 24.04.1 LTS'),
    'starts',
  ],
  ['AppArmor where it is not', profile('appArmorProfile', 'RuntimeDefault'), onSystem('Fedora CoreOS 42'), 'unknown'],
  ['no AppArmor', profile('appArmorProfile', 'Unconfined'), onSystem('Fedora CoreOS 42'), 'starts'],
  ['a profile of a container', ofContainer(profile('seccompProfile', 'Localhost')), onKubelet('v1.37.2'), 'unknown'],
  ['a volume that newer kubelets mount no more', mounted({ glusterfs: {} }), onKubelet('v1.26.0'), 'fails'],
  ['one that older ones mount', mounted({ cephfs: {} }), onKubelet('v1.30.0'), 'unknown'],
  ['a clone of a repository', mounted({ gitRepo: {} }), onKubelet('v1.33.0'), 'unknown'],
  ['a clone of a repository, before that was off', mounted({ gitRepo: {} }), onKubelet('v1.32.9'), 'starts'],
  ['a driver of the node', mounted({ flexVolume: {} }), onKubelet('v1.37.2'), 'unknown'],
  [
    'huge pages that no container requests',
    mounted({ emptyDir: { medium: 'HugePages' } }),
    onKubelet('v1.37.2'),
    'fails',
  ],
  ['huge pages of one size', inHugePages('HugePages', '2Mi'), onKubelet('v1.37.2'), 'starts'],
  ['huge pages of one size by its name', inHugePages('HugePages-2Mi', '2Mi', '1Gi'), onKubelet('v1.37.2'), 'starts'],
  ['huge pages of several sizes', inHugePages('HugePages', '2Mi', '1Gi'), onKubelet('v1.37.2'), 'fails'],
  ['huge pages of another size', inHugePages('HugePages-1Gi', '2Mi'), onKubelet('v1.37.2'), 'fails'],
  ['a share of NFS', mounted({ nfs: {} }), onKubelet('v1.37.2'), 'starts'],
  ['a sysctl of the whole kernel', sysctls('vm.max_map_count'), onKubelet('v1.37.2'), 'fails'],
])('what a node supports: %s', ([, spec, on, answer, named]) => {
  const handler = 'runtimeClassName' in spec ? named : ''
  const found = unsupported({ spec: spec as PodSpec, handler }, on)
  expect(found.length === 0 ? 'starts' : found.some(({ isCertain }) => isCertain) ? 'fails' : 'unknown').toBe(answer)
})

test.for<[allowed: string[], name: string, isAllowed: boolean]>([
  [['kernel.msg*'], 'kernel.msgmax', true],
  [['net/core/somaxconn'], 'net.core.somaxconn', true],
  [['net.ipv4.*'], 'net.core.somaxconn', false],
  [['vm.*'], 'vm.max_map_count', false],
])('a kubelet that allows %j, and a pod that sets %s: %s', ([allowed, name, isAllowed]) => {
  const { unsafeSysctls } = parseKubeletConfig({ kubeletconfig: { allowedUnsafeSysctls: allowed } }) as KubeletSettings
  const found = unsupported({ spec: sysctls(name) as PodSpec, handler: '' }, onKubelet('v1.37.2'), {}, unsafeSysctls)
  expect(found.length === 0).toBe(isAllowed)
})

const podOf = (spec: object, kind = 'Deployment') => schedulablePod(admittedPod(workload({ kind, spec })))
const pressed = (...kinds: string[]) =>
  node('n1', {
    spec: { taints: kinds.map((kind) => ({ key: `node.kubernetes.io/${kind}-pressure`, effect: 'NoSchedule' })) },
  })
const everything = { tolerations: [{ operator: 'Exists' }] }
const asking = { containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu: '1' } } }] }

test.for<[what: string, spec: object, on: Node, condition: string | undefined, kind?: string]>([
  ['a pod, and no pressure', {}, pressed(), undefined],
  ['a pod of a DaemonSet, under pressure of disks', {}, pressed('disk'), 'DiskPressure', 'DaemonSet'],
  ['a pod that tolerates everything, under pressure of processes', everything, pressed('pid'), 'PIDPressure'],
  ['one that asks for something, under pressure of memory', asking, pressed('memory'), undefined],
  ['one that asks for nothing, under pressure of memory', {}, pressed('memory'), 'MemoryPressure'],
  ['one that tolerates that', everything, pressed('memory'), undefined],
  ['one that asks for something, under pressure of both', asking, pressed('memory', 'disk'), 'DiskPressure'],
  ['a critical pod', { priority: 2e9, priorityClassName: 'system-cluster-critical' }, pressed('disk'), undefined],
])('what the kubelet refuses under pressure: %s', ([, spec, on, condition, kind]) => {
  const said = pressureRefusal(podOf(spec, kind), on)
  expect(said).toEqual(condition && expect.stringContaining(condition))
})

const rules = (action: string) => ({ containers: [{ name: 'c', image: 'web:1', restartPolicyRules: [{ action }] }] })
const declares = { declaredFeatures: ['RestartAllContainersOnContainerExits'] }

test.for<[rule: string, spec: object, on: Node, answer: string | undefined]>([
  ['a rule that every kubelet knows', rules('Restart'), onKubelet('v1.37.2'), undefined],
  ['a rule that needs the feature', rules('RestartAllContainers'), onKubelet('v1.37.2'), 'refused'],
  ['a node that declares it', rules('RestartAllContainers'), onKubelet('v1.37.2', declares), undefined],
  ['a node from before features were declared', rules('RestartAllContainers'), onKubelet('v1.34.0'), 'unknown'],
  [
    'a node that declares others',
    rules('RestartAllContainers'),
    onKubelet('v1.37.2', { declaredFeatures: ['X'] }),
    'refused',
  ],
  [
    'user namespaces on the network of the host',
    { hostNetwork: true, hostUsers: false },
    onKubelet('v1.37.2'),
    'refused',
  ],
  ['the kubelet asks too', { ...rules('RestartAllContainers'), nodeName: 'n1' }, onKubelet('v1.37.2'), 'refused'],
])('declared features: %s', ([, spec, on, answer]) => {
  const pod = podOf(spec)
  const refusal = placementRefusal(pod, on)
  const doubt = nodeDoubts(pod, on).find(({ reason }) => reason === 'NodeDeclaredFeatures')
  expect(refusal ? 'refused' : doubt ? 'unknown' : undefined).toBe(answer)
  if (refusal) expect(refusal.reason).toBe('NodeDeclaredFeatures')
})

const gpu = { containers: [{ name: 'c', image: 'web:1', resources: { limits: { 'example.com/gpu': '1' } } }] }
const cpu = (amount: string) => ({
  containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu: amount } } }],
})
const small = { cpu: '1', pods: '110' }
const taint = (effect: 'NoSchedule' | 'NoExecute') => ({ taints: [{ key: 'gpu', effect }] })

test.for<[rule: string, kind: string, spec: object, on: Parameters<typeof node>[1], reason: string | undefined]>([
  ['a resource that the node lacks is dropped', 'Deployment', { ...gpu, nodeName: 'n1' }, {}, undefined],
  [
    'one that it has none left of is not',
    'Deployment',
    { ...gpu, nodeName: 'n1' },
    { allocatable: { 'example.com/gpu': '0', pods: '9' } },
    'NodeResourcesFit',
  ],
  ['the scheduler drops none', 'Deployment', gpu, {}, 'NodeResourcesFit'],
  ['cpu is never dropped', 'Deployment', { ...cpu('2'), nodeName: 'n1' }, { allocatable: small }, 'NodeResourcesFit'],
  ['a cordon is for the scheduler', 'Deployment', { nodeName: 'n1' }, { spec: { unschedulable: true } }, undefined],
  ['so is NoSchedule', 'Deployment', { nodeName: 'n1' }, { spec: taint('NoSchedule') }, undefined],
  ['NoExecute evicts', 'Deployment', { nodeName: 'n1' }, { spec: taint('NoExecute') }, 'TaintToleration'],
  ['a selector is checked again', 'Deployment', { nodeName: 'n1', nodeSelector: { disk: 'ssd' } }, {}, 'NodeAffinity'],
  ['a DaemonSet with nodeName is bound too', 'DaemonSet', { ...gpu, nodeName: 'n1' }, {}, undefined],
  [
    'but its controller makes no pod for a tainted node',
    'DaemonSet',
    { nodeName: 'n1' },
    { spec: taint('NoSchedule') },
    'TaintToleration',
  ],
  ['nor for another node', 'DaemonSet', { nodeName: 'n2' }, {}, 'NodeName'],
  ['a DaemonSet without is placed by the scheduler', 'DaemonSet', gpu, {}, 'NodeResourcesFit'],
])('bound pods: %s', ([, kind, spec, on, reason]) => {
  expect(placementRefusal(podOf(spec, kind), node('n1', on))?.reason).toBe(reason)
})

test.for<[rule: string, status: object, isTold: boolean]>([
  ['what pods can have of it', { allocatable: { pods: '9' }, capacity: undefined }, true],
  ['its capacity, which the API server fills in', { allocatable: undefined, capacity: { pods: '9' } }, true],
  ['nothing', { allocatable: undefined, capacity: undefined }, false],
  ['not how many pods it takes', { allocatable: { cpu: '4' } }, false],
])('a node tells %s', ([, status, isTold]) => {
  expect(nodeDoubts(podOf({}), node('n1', { status })).map(({ reason }) => reason)).toEqual(
    isTold ? [] : ['NodeResourcesFit'],
  )
})
