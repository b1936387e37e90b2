import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { workloadVerdict } from '../../src/audit/audit.ts'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { showsAlwaysPullImages } from '../../src/audit/facts/live/live-pods.ts'
import { auditCluster, auditReport } from '../../src/audit/report/report.ts'
import { auditSummary } from '../../src/audit/report/summary.ts'
import { auditTable } from '../../src/audit/report/table.ts'
import type { NodeVerdict } from '../../src/audit/verdict/verdict.ts'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { auditText } from '../../src/cli/audit/audit-text.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const STARTS: NodeVerdict = { starts: true, mayLand: true }
const MISSING: NodeVerdict = { starts: false, reason: 'ImageMissing', mayLand: true }
const UNKNOWN: NodeVerdict = { starts: null, reason: 'ImageUnknown', mayLand: true }
const TAINTED: NodeVerdict = { starts: false, reason: 'TaintToleration', mayLand: false }

test.for<[rule: string, nodes: NodeVerdict[], verdict: string]>([
  ['it starts on every node', [STARTS, STARTS], 'safe'],
  ['a node that it cannot land on does no harm', [STARTS, TAINTED], 'safe'],
  ['it fails on a node that it may land on', [STARTS, MISSING], 'atRisk'],
  ['it fails on one node, and nobody knows of the other', [UNKNOWN, MISSING], 'atRisk'],
  ['it starts on one node, and nobody knows of the other', [UNKNOWN, STARTS], 'unknown'],
  ['nobody knows of any node', [UNKNOWN, TAINTED], 'unknown'],
  ['it fails on every node that it may land on', [MISSING, TAINTED], 'impossible'],
  ['it may land nowhere', [TAINTED, TAINTED], 'impossible'],
])('a workload is judged by where it may land: %s', ([, nodes, verdict]) => {
  expect(workloadVerdict(nodes)).toBe(verdict)
})

function reasons(parts: Parameters<typeof workload>[0], nodes: ReturnType<typeof node>[], conditions: Conditions = {}) {
  const [report] = auditReport(auditCluster([workload(parts)], nodes, conditions)).workloads
  return report?.nodes.map(({ starts, reason }) => reason ?? starts)
}

const lock: Lock = { version: 1, images: [lockedImage(WEB, 'linux/amd64')] }
const SEEDED = { [`shop.nodeseed.dev/${seedSetDigest(lock)}`]: 'seeded' }

test('a node with the label of the seed set holds the images of the bundle', () => {
  const nodes = [
    node('a', { labels: SEEDED, status: { images: undefined } }),
    node('b'),
    node('c', { labels: { 'shop.nodeseed.dev/0': 'seeded' } }),
  ]
  expect(reasons({}, nodes, { lock })).toEqual([true, 'ImageMissing', 'ImageMissing'])
})

test.for<[why: string, spec: object]>([
  ['a container without an image', { containers: [{ name: 'c' }] }],
  ['an empty image', { containers: [{ name: 'c', image: '' }] }],
  ['an image that is no text', { containers: [{ name: 'c', image: 12 }] }],
  ['no container', { containers: [] }],
])('a pod with %s is never safe', ([, spec]) => {
  const [report] = auditReport(auditCluster([workload({ spec })], [node('a')], {})).workloads
  expect(report?.verdict).toBe('impossible')
  expect(report?.nodes[0]).toMatchObject({ starts: false, reason: 'Admission' })
})

test('a label without the bundle says nothing', () => {
  expect(reasons({}, [node('a', { labels: SEEDED })])).toEqual(['ImageMissing'])
})

test('as if every node were seeded', () => {
  expect(reasons({}, [node('a'), node('b')], { lock, assumeSeeded: true })).toEqual([true, true])
  expect(reasons({ image: 'other:1' }, [node('a')], { lock, assumeSeeded: true })).toEqual(['ImageMissing'])
})

test('a seeded node gets only what the bundle holds for its platform', () => {
  const nodes = [
    node('a', { architecture: 'arm64', labels: SEEDED }),
    node('b', { architecture: 'arm64', images: [WEB] }),
  ]
  expect(reasons({}, nodes, { lock })).toEqual(['Platform', true])
})

test('images are looked up as the runtime does, by the CRI form', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const nodes = [node('a', { images: [WEB] }), node('b', { images: [`docker.io/library/web@${digest}`] })]
  expect(reasons({ image: 'web:1' }, nodes)).toEqual([true, 'ImageMissing'])
  expect(reasons({ image: `web@${digest}` }, nodes)).toEqual(['ImageMissing', true])
  expect(reasons({ image: `web:1@${digest}` }, nodes)).toEqual(['ImageMissing', true])
})

test('scheduler filters come before images', () => {
  expect(reasons({ spec: { nodeName: 'b' } }, [node('a'), node('b')])).toEqual(['NodeName', 'ImageMissing'])
})

test('every container and image volume counts, and a certain failure before an unknown', () => {
  const initContainers = [{ name: 'init', image: 'big:1' }]
  const volumes = [{ name: 'model', image: { reference: 'model:1' } }]
  const mounting = { containers: [{ name: 'c', image: 'web:1', volumeMounts: [{ name: 'model', mountPath: '/m' }] }] }
  const full = node('a', { images: [WEB, ...Array.from({ length: 49 }, (_, index) => `r.example/${index}:1`)] })
  expect(reasons({}, [full])).toEqual([true])
  expect(reasons({ spec: { initContainers } }, [full])).toEqual(['ImageUnknown'])
  expect(reasons({ spec: { volumes, ...mounting } }, [full])).toEqual(['ImageUnknown'])
  // A volume that no container mounts holds nothing back.
  expect(reasons({ spec: { volumes } }, [full])).toEqual([true])
  const debug = { name: 'd', image: 'debug' }
  expect(reasons({ spec: { initContainers: [...initContainers, debug] } }, [full])).toEqual(['AlwaysOffline'])
})

test('the sandbox image is needed before all others', () => {
  const sandboxImage = 'registry.k8s.io/pause:3.10'
  const nodes = [node('a', { images: [WEB, sandboxImage] }), node('b', { images: [WEB] })]
  expect(reasons({}, nodes, { sandboxImage })).toEqual([true, 'SandboxImageMissing'])
  expect(reasons({}, nodes, { sandboxImage, hasMirror: true })).toEqual([true, 'ImageUnknown'])
  expect(
    reasons({}, nodes, {
      sandboxImage,
      hasMirror: true,
      lock: { version: 1, images: [lockedImage(WEB, 'linux/amd64')] },
    }),
  ).toEqual([true, 'SandboxImageMissing'])
  const served = { version: 1 as const, images: [WEB, sandboxImage].map((name) => lockedImage(name, 'linux/amd64')) }
  expect(reasons({}, nodes, { sandboxImage, hasMirror: true, lock: served })).toEqual([true, true])
})

test('spec.os keeps a pod from starting, not from landing', () => {
  expect(reasons({ spec: { os: { name: 'windows' } } }, [node('a', { images: [WEB] })])).toEqual(['Platform'])
  expect(reasons({ spec: { os: { name: 'linux' } } }, [node('a', { images: [WEB] })])).toEqual([true])
})

test('equal pods and equal nodes are judged once, and what no pod asks about makes no node different', () => {
  const nodes = [
    node('a', { images: [WEB, 'r.example/x:1'], labels: { zone: '1' } }),
    node('b', { images: [WEB], labels: { zone: '2' } }),
    node('c'),
  ]
  const classesOf = (spec: object) =>
    auditCluster([workload(), workload({ name: 'x', spec })], nodes, {}).nodeClasses.map((one) => one.nodes)
  expect(classesOf({})).toEqual([['a', 'b'], ['c']])
  expect(classesOf({ nodeSelector: { zone: '1' } })).toEqual([['a'], ['b'], ['c']])
  expect(classesOf({ nodeName: 'b' })).toEqual([['a'], ['b'], ['c']])
})

test('a report lists nodes by name, and classes of nodes where that would be too long', () => {
  const nodes = Array.from({ length: 400 }, (_, index) => node(`n${index}`, { images: index < 300 ? [WEB] : [] }))
  const few = auditReport(auditCluster([workload()], nodes, {}))
  expect(few.nodeClasses).toBeUndefined()
  expect(few.workloads[0]?.nodes).toHaveLength(400)
  const many = auditReport(
    auditCluster(
      Array.from({ length: 300 }, () => workload()),
      nodes,
      {},
    ),
  )
  expect(many.nodeClasses?.map((one) => [one.name, one.nodes.length])).toEqual([
    ['class-1', 300],
    ['class-2', 100],
  ])
  expect(many.workloads[299]?.nodes).toEqual([
    { nodeClass: 'class-1', starts: true },
    {
      nodeClass: 'class-2',
      starts: false,
      reason: 'ImageMissing',
      message: `${WEB} is not on the node (IfNotPresent: ErrImagePull)`,
    },
  ])
})

test('no line of the table is longer than 100 characters', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const image = `registry.example.com/${'long/'.repeat(30)}name@${digest}`
  const nodes = Array.from({ length: 12 }, (_, index) => node(`a-node-with-a-rather-long-name-${index}.example.com`))
  const result = auditCluster([workload({ image, name: 'w'.repeat(120) })], nodes, {})
  const lines = [...auditText(auditTable(result), undefined)]
  expect(lines.filter((line) => line.length > 100)).toEqual([])
  expect(lines.join('').replaceAll(/\s/g, '')).toContain(image)
  expect(auditSummary(result)).toBe('1 impossible')
})

const hostPort = { containers: [{ name: 'c', image: 'web:1', ports: [{ containerPort: 80, hostPort: 80 }] }] }

function verdicts(
  workloads: ReturnType<typeof workload>[],
  nodes: ReturnType<typeof node>[],
  conditions: Conditions = {},
) {
  return auditReport(auditCluster(workloads, nodes, conditions)).workloads.map(
    (one) => `${one.name} ${one.verdict}: ${one.nodes.map(({ starts, reason }) => reason ?? starts).join(' ')}`,
  )
}

test('a DaemonSet takes its host ports from all other pods, and waits where they are taken', () => {
  const nodes = [node('a', { images: [WEB] }), node('b', { images: [WEB], labels: { edge: '1' } })]
  const proxy = workload({ kind: 'DaemonSet', name: 'proxy', spec: { ...hostPort, nodeSelector: { edge: '1' } } })
  const later = workload({ kind: 'DaemonSet', name: 'later', spec: hostPort })
  const shop = workload({ name: 'shop', spec: hostPort })
  expect(verdicts([shop, proxy, later], nodes)).toEqual([
    'shop impossible: NodePorts NodePorts',
    'proxy safe: NodeAffinity true',
    'later atRisk: true NodePorts',
  ])
})

test('a Deployment is not placed where its port is taken, so that it is safe elsewhere', () => {
  const nodes = [node('a', { images: [WEB] }), node('b', { images: [WEB] })]
  const bound = workload({ kind: 'Pod', name: 'bound' })
  const holder = { ...bound, podSpec: { ...hostPort, nodeName: 'b' } }
  expect(verdicts([workload({ name: 'shop', spec: hostPort }), holder], nodes)).toEqual([
    'shop safe: true NodePorts',
    'bound safe: NodeName true',
  ])
})

const cpu = { containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu: '2' } } }] }

function livePod(name: string, nodeName: string, parts: { owner?: [kind: string, name: string]; phase?: string } = {}) {
  const ownerReferences = parts.owner ? [{ kind: parts.owner[0], name: parts.owner[1] }] : undefined
  const metadata = { name, namespace: 'default', labels: { 'pod-template-hash': 'x' }, ownerReferences }
  return { metadata, spec: { ...cpu, nodeName }, status: { phase: parts.phase ?? 'Running' } } as unknown as Pod
}

test.for<[rule: string, live: Pod[], reasons: (string | boolean | undefined)[]]>([
  ['a node without pods has room', [], [true]],
  ['another pod takes the room', [livePod('other', 'a')], ['NodeResourcesFit']],
  ['a pod that has ended takes none', [livePod('other', 'a', { phase: 'Succeeded' })], [true]],
  ['a pod on another node', [livePod('other', 'b')], [true]],
  ['the room that its own pod takes is its own', [livePod('w-x-1', 'a', { owner: ['ReplicaSet', 'w-x'] })], [true]],
  ['the pod of another Deployment', [livePod('v-x-1', 'a', { owner: ['ReplicaSet', 'v-x'] })], ['NodeResourcesFit']],
])('live pods: %s', ([, livePods, expected]) => {
  const nodes = [node('a', { images: [WEB], allocatable: { cpu: '3', pods: '10' } })]
  expect(reasons({ spec: cpu }, nodes, { livePods })).toEqual(expected)
})

test.for<[rule: string, priority: number | undefined, spec: object, expected: string]>([
  ['pods of the same priority stay', 0, {}, 'impossible'],
  ['pods of a lower priority may have to go', -1, {}, 'unknown'],
  ['the pod has a class', 500, { priorityClassName: 'high' }, 'unknown'],
  ['its class is not above', 5000, { priorityClassName: 'high' }, 'impossible'],
  ['every cluster has the system classes', 5000, { priorityClassName: 'system-node-critical' }, 'unknown'],
  ['the stored priority counts', 5, { priority: 6 }, 'unknown'],
])('priority: %s', ([, priority, spec, expected]) => {
  const nodes = [node('a', { images: [WEB], allocatable: { cpu: '3', pods: '10' } })]
  const live = livePod('other', 'a')
  const livePods = [{ ...live, spec: { ...live.spec, priority } } as Pod]
  const priorityClasses = [{ name: 'high', value: 1000, isDefault: false, preempts: true }]
  const [one] = auditCluster([workload({ spec: { ...cpu, ...spec } })], nodes, { livePods, priorityClasses }).workloads
  expect(one?.verdict).toBe(expected)
  expect(one?.nodes[0]?.reason).toBe('NodeResourcesFit')
})

const policyPod = (imagePullPolicy: string, parts: object = {}) =>
  ({
    ...livePod('w-x-1', 'a', { owner: ['ReplicaSet', 'w-x'] }),
    spec: { containers: [{ image: 'web:1', imagePullPolicy }] },
    ...parts,
  }) as Pod
const mirrorPod = { ownerReferences: [{ kind: 'Node', name: 'a' }] }

test.for<[rule: string, pods: Pod[], shows: boolean]>([
  ['a template asks for IfNotPresent, its pod has Always', [policyPod('Always')], true],
  ['one pod has something else', [policyPod('Always'), policyPod('IfNotPresent')], false],
  [
    'but a static pod has met no admission',
    [policyPod('Always'), policyPod('IfNotPresent', { metadata: mirrorPod })],
    true,
  ],
  ['no pod of the workload', [policyPod('Always', { metadata: { name: 'x' } })], false],
  ['no pods', [], false],
])('live pods show AlwaysPullImages: %s', ([, pods, shows]) => {
  expect(showsAlwaysPullImages([workload()], pods)).toBe(shows)
})

test('what only live pods decide is unknown, after what is certain', () => {
  const spread = {
    topologySpreadConstraints: [{ whenUnsatisfiable: 'DoNotSchedule', topologyKey: 'zone', maxSkew: 1 }],
  }
  const nodes = [
    node('a', { images: [WEB], labels: { zone: '1' } }),
    node('b', { images: [WEB] }),
    node('c', { labels: { zone: '1' } }),
  ]
  expect(reasons({ spec: spread }, nodes)).toEqual(['PodTopologySpread', 'PodTopologySpread', 'ImageMissing'])
  expect(verdicts([workload({ spec: spread })], nodes.slice(0, 2))).toEqual([
    'w unknown: PodTopologySpread PodTopologySpread',
  ])
  expect(verdicts([workload({ spec: spread })], nodes.slice(1, 2))).toEqual(['w impossible: PodTopologySpread'])
})

test('resources split nodes into classes only where a pod would notice', () => {
  const sizes = ['4', '4', '5', '1']
  const nodes = sizes.map((cpu, index) => node(`n${index}`, { images: [WEB], allocatable: { cpu, pods: '110' } }))
  const result = auditCluster([workload({ spec: cpu })], nodes, {})
  expect(result.nodeClasses.map((one) => one.nodes)).toEqual([['n0', 'n1', 'n2'], ['n3']])
})

test.for<[rule: string, spec: object, reason: string, code: string]>([
  ['a field of a newer API', { futureField: 1 }, 'UnmodelledField', 'FIELD_UNMODELLED'],
  ['another scheduler', { schedulerName: 'volcano' }, 'OtherScheduler', 'SCHEDULER_UNKNOWN'],
  ['a scheduling gate', { schedulingGates: [{ name: 'x' }] }, 'SchedulingGates', 'SCHEDULING_GATED'],
  [
    'a claim that nobody told of',
    { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
    'VolumeBinding',
    'CLAIM_UNKNOWN',
  ],
  [
    'a claim of devices',
    { resourceClaims: [{ name: 'gpu', resourceClaimName: 'x' }] },
    'DynamicResources',
    'RESOURCE_CLAIM_UNKNOWN',
  ],
  ['a class that nobody told of', { runtimeClassName: 'kata' }, 'Admission', 'RUNTIME_CLASS_UNKNOWN'],
])('what the audit cannot judge is unknown and said, never safe: %s', ([, spec, reason, code]) => {
  const result = auditCluster([workload({ spec })], [node('a', { images: [WEB] })], {})
  expect(result.workloads.map(({ verdict, nodes }) => [verdict, nodes[0]?.reason])).toEqual([['unknown', reason]])
  expect(result.findings.find((one) => one.code === code)).toMatchObject({ severity: 'warning', file: 'test.yaml' })
})

test('a bound pod meets no other scheduler', () => {
  expect(reasons({ spec: { schedulerName: 'volcano', nodeName: 'a' } }, [node('a', { images: [WEB] })])).toEqual([true])
})

test('pods that differ only in what cannot be judged are not equal', () => {
  const on = [node('a', { images: [WEB] })]
  const specs = [{}, { schedulerName: 'volcano' }, { schedulingGates: [{ name: 'x' }] }, { futureField: 1 }]
  const some = specs.map((spec, index) => workload({ name: `w${index}`, spec }))
  expect(auditCluster(some, on, {}).workloads.map(({ verdict }) => verdict)).toEqual([
    'safe',
    'unknown',
    'unknown',
    'unknown',
  ])
})
