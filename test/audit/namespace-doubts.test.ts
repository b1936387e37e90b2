import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { readConditions } from '../../src/cli/audit/audit-conditions.ts'
import { AUDITED } from '../../src/cli/audit/audit-sources.ts'
import { scanObjects } from '../../src/cli/inputs/scan-inputs.ts'
import { node } from '../support/cluster.ts'

const HOLDER = node('a', { images: ['docker.io/library/web:1'] })
const FLAGS = { images: [], 'assume-seeded': false, mirror: false } as unknown as Parameters<typeof readConditions>[0]

type Thing = Record<string, unknown>

function thing(kind: string, name: string, more: Thing = {}, metadata: Thing = {}): Thing {
  const namespace = kind === 'Namespace' ? {} : { namespace: 'shop' }
  return { apiVersion: 'v1', kind, metadata: { name, ...namespace, ...metadata }, ...more }
}

function web(spec: Thing = {}, container: Thing = {}, replicas = 1): Thing {
  const containers = [{ name: 'c', image: 'web:1', imagePullPolicy: 'Never', ...container }]
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers, ...spec } }
  const selector = { matchLabels: { app: 'web' } }
  return { ...thing('Deployment', 'web', { spec: { replicas, selector, template } }), apiVersion: 'apps/v1' }
}

async function judge(objects: Thing[], completeKinds?: readonly string[]) {
  const scan = scanObjects(objects as never, 'in.yaml', AUDITED)
  const told = await readConditions(FLAGS, { scan, nodes: [HOLDER] }, undefined)
  const conditions = { ...told, ...(completeKinds && { completeKinds: new Set(completeKinds) }) }
  const { workloads, findings } = auditCluster(scan.workloads, [HOLDER], conditions)
  const codes = ['NODE_FILE_NEEDED', 'OBJECT_MISSING', 'POD_SECURITY', 'QUOTA_IN_THE_WAY']
  return { verdict: workloads[0]?.verdict, said: findings.find(({ code }) => codes.includes(code))?.message ?? '' }
}

const account = web({ serviceAccountName: 'robot' })
const enforcing = (level: string) =>
  thing('Namespace', 'shop', {}, { labels: { 'pod-security.kubernetes.io/enforce': level } })
const quota = (hard: Thing) => thing('ResourceQuota', 'q', { spec: { hard } })
const containers = [{ name: 'c', image: 'web:1', imagePullPolicy: 'Never' }]
const brief = thing('Pod', 'p', { spec: { activeDeadlineSeconds: 9, containers } })
const used = (hard: Thing, taken: Thing) => ({ ...quota(hard), status: { used: taken } })
const scoped = (hard: Thing, ...scopes: string[]) => thing('ResourceQuota', 'q', { spec: { hard, scopes } })
const classed = (operator: string, ...values: string[]) => {
  const matchExpressions = [{ scopeName: 'PriorityClass', operator, ...(values.length > 0 && { values }) }]
  return thing('ResourceQuota', 'q', { spec: { hard: { pods: 0 }, scopeSelector: { matchExpressions } } })
}
const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 5 }
const asking = web({}, { resources: { requests: { cpu: '1' } } })
const there = (one: Thing, status: Thing) => ({ ...one, metadata: { ...(one.metadata as Thing), uid: 'u' }, status })
const scratch = (replicas: number) => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  const volumes = [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec } } }]
  return web({ volumes }, { volumeMounts: [{ name: 'v', mountPath: '/v' }] }, replicas)
}
const ROOT = thing('ConfigMap', 'kube-root-ca.crt')
const from = (kind: string, more: Thing = {}) =>
  web({}, { env: [{ name: 'A', valueFrom: { [kind]: { name: 'x', key: 'k', ...more } } }] })
const mounts = (volume: Thing) =>
  web({ volumes: [{ name: 'v', ...volume }] }, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })
const secured = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}
const onHost = (path: string, type: string) => mounts({ hostPath: { path, type } })
const X = { name: 'x', items: [{ key: 'k', path: 'p' }] }
const OTHER = { data: { other: '' } }
const stored = { uid: '1' }
/** Two workloads of two pods each. */
const pair = (cpu: string) => {
  const one = web({}, { resources: { limits: { cpu } } }, 2)
  return [one, { ...one, metadata: { name: 'other', namespace: 'shop' } }]
}

test.for<[what: string, objects: Thing[], verdict: 'safe' | 'unknown', said: string]>([
  ['nothing but the workload', [web()], 'safe', ''],
  ['a ServiceAccount that is not there', [account], 'safe', 'ServiceAccount shop/robot is not among the inputs'],
  ['a ServiceAccount that is there', [account, thing('ServiceAccount', 'robot')], 'safe', ''],
  [
    'a ServiceAccount that a dump lacks',
    [account, thing('ServiceAccount', 'default')],
    'unknown',
    'ServiceAccount shop/robot',
  ],
  ['no namespace, as is usual', [web()], 'safe', ''],
  ['another namespace', [web(), thing('Namespace', 'bank')], 'safe', 'namespace shop is not among the inputs'],
  [
    'a dump of namespaces',
    [web(), ...['kube-system', 'default'].map((name) => thing('Namespace', name))],
    'unknown',
    'namespace shop',
  ],
  ['a namespace that enforces nothing', [web(), enforcing('privileged')], 'safe', ''],
  ['baseline that it meets', [web(), enforcing('baseline')], 'safe', ''],
  [
    'baseline that it does not meet',
    [web({ hostNetwork: true }), enforcing('baseline')],
    'unknown',
    'enforces baseline: hostNetwork',
  ],
  ['a host path', [mounts({ hostPath: { path: '/' } }), enforcing('baseline')], 'unknown', 'hostPath volume v'],
  [
    'a privileged container',
    [web({}, { securityContext: { privileged: true } }), enforcing('baseline')],
    'unknown',
    'privileged of container c',
  ],
  [
    'restricted that it does not meet',
    [web(), enforcing('restricted')],
    'unknown',
    'allowPrivilegeEscalation is not false',
  ],
  [
    'a level that is none',
    [web(), enforcing('Baseline')],
    'unknown',
    'enforces "Baseline", which counts as restricted',
  ],
  ['restricted that it meets', [web({}, { securityContext: secured }), enforcing('restricted')], 'safe', ''],
  [
    'a quota of cpu',
    [web(), quota({ 'limits.cpu': '4' })],
    'unknown',
    'limits limits.cpu, of which a container says nothing',
  ],
  [
    'a quota of cpu, and a limit',
    [web({}, { resources: { limits: { cpu: '1' } } }), quota({ 'limits.cpu': '4', cpu: 4 })],
    'safe',
    '',
  ],
  [
    'a quota of cpu, and a limit of the pod',
    [web({ resources: { limits: { cpu: '1' } } }), quota({ 'limits.cpu': '4' })],
    'safe',
    '',
  ],
  ['a quota of fewer pods', [web({}, {}, 3), quota({ pods: '2' })], 'unknown', 'allows 2 pods, and 3 are wanted'],
  ['a quota of as many pods', [web({}, {}, 3), quota({ pods: '3' })], 'safe', ''],
  [
    'a quota that two workloads pass together',
    [...pair('1'), quota({ 'requests.cpu': '3' })],
    'unknown',
    'allows requests.cpu 3, and',
  ],
  ['a quota that is just enough for both', [...pair('1'), quota({ 'requests.cpu': '4', pods: 4 })], 'safe', ''],
  ['a quota of pods that both pass', [...pair('1'), quota({ pods: '3' })], 'unknown', 'allows pods 3, and'],
  ['a quota of limits', [...pair('500m'), quota({ 'limits.cpu': '1900m' })], 'unknown', 'allows limits.cpu 1900m'],
  ['a quota of cpu by its short name', [...pair('1'), quota({ cpu: '3500m' })], 'unknown', 'allows cpu 3500m, and'],
  [
    'a quota of another namespace',
    [...pair('1'), { ...quota({ cpu: 1 }), metadata: { name: 'q', namespace: 'x' } }],
    'safe',
    '',
  ],
  ['a quota of services', [web(), quota({ services: '3' })], 'safe', ''],
  ['a quota of no Deployments', [web(), quota({ 'count/deployments.apps': 0 })], 'unknown', 'count/deployments.apps 0'],
  ['a quota of one Deployment', [web(), quota({ 'count/deployments.apps': 1 })], 'safe', ''],
  [
    'a quota of what Deployments make',
    [...pair('1'), quota({ 'count/replicasets.apps': 1 })],
    'unknown',
    'replicasets',
  ],
  ['a quota of StatefulSets', [web(), quota({ 'count/statefulsets.apps': 0 })], 'safe', ''],
  [
    'a quota of ConfigMaps that one more passes',
    [mounts({ configMap: { name: 'x' } }), thing('ConfigMap', 'x'), thing('ConfigMap', 'y'), quota({ configmaps: 1 })],
    'unknown',
    'allows configmaps 1',
  ],
  [
    'a quota of ConfigMaps that it needs none of',
    [web(), thing('ConfigMap', 'x'), quota({ configmaps: 0 })],
    'safe',
    '',
  ],
  [
    'a quota of claims',
    [scratch(3), quota({ persistentvolumeclaims: 2 })],
    'unknown',
    'allows persistentvolumeclaims 2',
  ],
  ['a quota of enough claims', [scratch(2), quota({ persistentvolumeclaims: 2 })], 'unknown', ''],
  ['a quota of storage', [scratch(2), quota({ 'requests.storage': '1Gi' })], 'unknown', 'allows requests.storage 1Gi'],
  [
    'a quota that is used up',
    [web(), used({ 'count/deployments.apps': 5 }, { 'count/deployments.apps': 5 })],
    'unknown',
    'allows count/deployments.apps 5, of which 5 is used, and more is wanted',
  ],
  ['a quota that is nearly used up', [web(), used({ pods: 5 }, { pods: '4' })], 'safe', ''],
  [
    'a quota with pods for one more',
    [web({}, {}, 2), used({ pods: 5 }, { pods: '4' })],
    'unknown',
    'of which 4 is used',
  ],
  [
    'a quota that counts it already',
    [
      there(web({}, {}, 2), { replicas: 2 }),
      used({ pods: 5, 'count/deployments.apps': 1 }, { pods: '5', 'count/deployments.apps': 1 }),
    ],
    'safe',
    '',
  ],
  [
    'a quota that counts a part of it',
    [there(web({}, {}, 2), { replicas: 1 }), used({ pods: 5 }, { pods: '5' })],
    'unknown',
    'of which 5 is used',
  ],
  ['a quota of best effort, and a pod that asks', [asking, scoped({ pods: 0 }, 'BestEffort')], 'safe', ''],
  [
    'a quota of best effort, and a pod that does not',
    [web(), scoped({ pods: 0 }, 'BestEffort')],
    'unknown',
    'allows 0 pods',
  ],
  ['a quota of all others', [web(), scoped({ 'limits.cpu': 1 }, 'NotBestEffort')], 'safe', ''],
  ['a quota of what ends', [web(), scoped({ pods: 0 }, 'Terminating')], 'safe', ''],
  ['a quota of what does not', [brief, scoped({ pods: 0 }, 'NotTerminating')], 'safe', ''],
  ['a quota of both', [web(), scoped({ pods: 0 }, 'NotTerminating', 'BestEffort')], 'unknown', 'allows 0 pods'],
  ['a quota of a class', [web(), classed('In', 'high')], 'safe', ''],
  [
    'a quota of its class',
    [high, web({ priorityClassName: 'high' }), classed('In', 'high')],
    'unknown',
    'allows 0 pods',
  ],
  [
    'a quota of the class that is the default',
    [{ ...high, globalDefault: true }, web(), classed('In', 'high')],
    'unknown',
    'allows 0 pods',
  ],
  ['a quota of any class', [web(), classed('Exists')], 'safe', ''],
  ['a quota of affinity across namespaces', [web(), scoped({ pods: 0 }, 'CrossNamespacePodAffinity')], 'safe', ''],
  ['a quota of something new', [web(), scoped({ pods: 0 }, 'Lunar')], 'unknown', 'if the pod is in its scope'],
  [
    'a quota that others in its scope pass',
    [...pair('1'), scoped({ 'requests.cpu': 3 }, 'NotBestEffort')],
    'unknown',
    'requests.cpu 3',
  ],
  [
    'a Secret, of manifests alone',
    [from('secretKeyRef')],
    'safe',
    'a container needs Secret shop/x, not among the inputs',
  ],
  ['a ConfigMap, of manifests alone', [from('configMapKeyRef')], 'safe', 'a container needs ConfigMap shop/x'],
  ['a mounted ConfigMap, of manifests alone', [mounts({ configMap: { name: 'x' } })], 'safe', 'ConfigMap shop/x'],
  [
    'a projected Secret, of manifests alone',
    [mounts({ projected: { sources: [{ secret: { name: 'x' } }] } })],
    'safe',
    'Secret shop/x',
  ],
  ['envFrom, of manifests alone', [web({}, { envFrom: [{ secretRef: { name: 'x' } }] })], 'safe', 'Secret shop/x'],
  ['an optional one, of manifests alone', [from('secretKeyRef', { optional: true })], 'safe', ''],
  [
    'a Secret that is among the manifests',
    [from('secretKeyRef'), thing('Secret', 'x', { data: { k: '' } })],
    'safe',
    '',
  ],
  [
    'a directory of the node',
    [onHost('/data/x', 'Directory')],
    'safe',
    'volume v wants /data/x to be on its node (Directory)',
  ],
  ['a socket of the node', [onHost('/run/x.sock', 'Socket')], 'safe', '/run/x.sock'],
  ['a directory that is made', [onHost('/data/x', 'DirectoryOrCreate')], 'safe', ''],
  ['a directory that every node has', [onHost('/lib/modules', 'Directory')], 'safe', ''],
  ['what every namespace has', [mounts({ configMap: { name: 'kube-root-ca.crt' } })], 'safe', ''],
  ['a ConfigMap that a dump lacks', [from('configMapKeyRef'), ROOT], 'unknown', 'ConfigMap shop/x is not there'],
  ['one that it does not need', [from('configMapKeyRef', { optional: true }), ROOT], 'safe', ''],
  [
    'a ConfigMap without the key',
    [from('configMapKeyRef'), thing('ConfigMap', 'x', { data: { other: '' } })],
    'unknown',
    'has no key k',
  ],
  [
    'a ConfigMap with the key',
    [from('configMapKeyRef'), ROOT, thing('ConfigMap', 'x', { data: { k: '' } })],
    'safe',
    '',
  ],
  [
    'a file of a ConfigMap without the key',
    [mounts({ configMap: X }), thing('ConfigMap', 'x', OTHER)],
    'unknown',
    'has no key k',
  ],
  [
    'a file of a Secret without the key',
    [mounts({ secret: { ...X, secretName: 'x' } }), thing('Secret', 'x', OTHER)],
    'unknown',
    'has no key k',
  ],
  [
    'a file of a ConfigMap with the key',
    [mounts({ configMap: X }), thing('ConfigMap', 'x', { binaryData: { k: '' } })],
    'safe',
    '',
  ],
  ['an optional file', [mounts({ configMap: { ...X, optional: true } }), thing('ConfigMap', 'x', OTHER)], 'safe', ''],
  [
    'a projected file without the key',
    [mounts({ projected: { sources: [{ secret: X }] } }), thing('Secret', 'x', OTHER)],
    'unknown',
    'has no key k',
  ],
  [
    'a projected ConfigMap that a dump lacks',
    [mounts({ projected: { sources: [{ configMap: X }] } }), ROOT],
    'unknown',
    'ConfigMap shop/x is not there',
  ],
  [
    'a Secret of a driver',
    [mounts({ csi: { driver: 'd.example.com', nodePublishSecretRef: { name: 'x' } } })],
    'unknown',
    'Secret shop/x',
  ],
  ['a Secret of a share', [mounts({ azureFile: { secretName: 'x', shareName: 's' } })], 'unknown', 'Secret shop/x'],
  ['a Secret that a dump without Secrets lacks', [from('secretKeyRef'), ROOT], 'safe', ''],
  [
    'a Secret that a dump lacks',
    [from('secretKeyRef'), ROOT, thing('Secret', 'y', {}, stored)],
    'unknown',
    'Secret shop/x is not there',
  ],
  [
    'a mounted Secret that a dump lacks',
    [mounts({ secret: { secretName: 'x' } }), ROOT, thing('Secret', 'y', {}, stored)],
    'unknown',
    'Secret shop/x',
  ],
  [
    'a volume of it that nothing mounts',
    [web({ volumes: [{ name: 'v', configMap: { name: 'x' } }] }), ROOT],
    'safe',
    '',
  ],
])('%s', async ([, objects, verdict, said]) => {
  const found = await judge(objects)
  expect(found).toEqual({ verdict, said: said === '' ? '' : expect.stringContaining(said) })
})

test.for<[what: string, kinds: string[], verdict: string, said: string]>([
  ['of which all ServiceAccounts were read', ['ServiceAccount', 'Namespace'], 'unknown', 'ServiceAccount shop/robot'],
  ['of which they may not be read', ['Namespace'], 'safe', ''],
])('a live cluster %s', async ([, kinds, verdict, said]) => {
  const found = await judge([account, thing('Namespace', 'shop')], kinds)
  expect(found).toEqual({ verdict, said: said === '' ? '' : expect.stringContaining(said) })
})
