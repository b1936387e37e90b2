import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const FULL = Array.from({ length: 50 }, (_, index) => `r.example/${index}:1`)
const holder = node('a', { images: [WEB] })

const tainted = (key: string, effect = 'NoSchedule') => ({ taints: [{ key, effect }] })

const PASSING = [
  ...['not-ready', 'unreachable', 'memory-pressure', 'disk-pressure', 'pid-pressure', 'network-unavailable'].map(
    (name) => tainted(`node.kubernetes.io/${name}`),
  ),
  { unschedulable: true, ...tainted('node.kubernetes.io/unschedulable') },
  { unschedulable: true },
  tainted('node.kubernetes.io/out-of-service', 'NoExecute'),
  tainted('node.cloudprovider.kubernetes.io/uninitialized'),
  tainted('node.cloudprovider.kubernetes.io/shutdown'),
  tainted('nodeseed.dev/not-seeded'),
  tainted('node.cilium.io/agent-not-ready', 'NoExecute'),
  tainted('ebs.csi.aws.com/agent-not-ready'),
  tainted('node.cluster.x-k8s.io/uninitialized'),
  tainted('karpenter.sh/unregistered', 'NoExecute'),
  tainted('readiness.k8s.io/network'),
]

const verdictOf = (other: object, parts = {}) => {
  const { workloads } = auditCluster([workload(parts)], [holder, node('b', other)], {})
  return [workloads[0]?.verdict, workloads[0]?.nodes[1]?.message]
}

test.for(PASSING.map((spec) => [JSON.stringify(spec), spec] as const))('a trouble that passes: %s', ([, spec]) => {
  const [verdict, message] = verdictOf({ spec })
  expect(verdict).toBe('atRisk')
  expect(message).toMatch(/^docker.io\/library\/web:1 is not on the node .*, once .* is gone$/)
  expect(verdictOf({ spec, images: FULL })[0]).toBe('unknown')
  expect(verdictOf({ spec, images: [WEB] })[0]).toBe('safe')
})

test.for<[what: string, spec: object, parts?: object]>([
  ['a taint that somebody chose', tainted('gpu')],
  ['one of a role', tainted('node-role.kubernetes.io/control-plane')],
  ['both sorts', { taints: [...tainted('gpu').taints, ...tainted('node.kubernetes.io/not-ready').taints] }],
  [
    'a cordon, on a node that is not selected',
    { unschedulable: true },
    { spec: { nodeSelector: { 'kubernetes.io/hostname': 'a' } } },
  ],
])('a node that stays away: %s', ([, spec, parts]) => {
  expect(verdictOf({ spec }, parts)[0]).toBe('safe')
})

const tolerating = (...tolerationSeconds: (number | undefined)[]) => ({
  spec: {
    tolerations: tolerationSeconds.map((seconds) => ({
      key: 'maintenance',
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: seconds,
    })),
  },
})

test.for<[what: string, verdict: string, other: object, parts?: object]>([
  ['it tolerates what evicts later', 'unknown', { spec: tainted('maintenance', 'NoExecute') }, tolerating(60)],
  ['it tolerates that for no time', 'unknown', { spec: tainted('maintenance', 'NoExecute') }, tolerating(0)],
  ['the first toleration counts', 'unknown', { spec: tainted('maintenance', 'NoExecute') }, tolerating(60, undefined)],
  ['the first has no end', 'safe', { spec: tainted('maintenance', 'NoExecute') }, tolerating(undefined, 60)],
  [
    'any without an end, of a DaemonSet',
    'safe',
    { spec: tainted('maintenance', 'NoExecute') },
    { kind: 'DaemonSet', ...tolerating(60, undefined) },
  ],
  ['a taint that evicts nobody', 'safe', { spec: tainted('maintenance') }, tolerating(60)],
  ['no taint', 'safe', {}, tolerating(60)],
])('a pod that comes to a node, and may not stay: %s', ([, verdict, other, parts]) => {
  expect(verdictOf({ ...other, images: [WEB] }, parts)[0]).toBe(verdict)
})

test('a node that is being deleted is no place for a yes, and one that lacks the image still a no', () => {
  const going = (images: string[]) => {
    const { metadata, ...rest } = node('b', { images })
    return { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
  }
  const verdicts = [going([WEB]), going([])].map((one) => {
    const { workloads } = auditCluster([workload()], [holder, one], {})
    return [workloads[0]?.verdict, workloads[0]?.nodes[1]?.message]
  })
  expect(verdicts[0]).toEqual(['unknown', 'the node is being deleted'])
  expect(verdicts[1]?.[0]).toBe('atRisk')
})

const asking = (more: object) => ({ containers: [{ name: 'c', image: 'web:1', ...more }] })
const apart = (app: string) => ({
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app } } },
    ],
  },
})
const big = asking({ resources: { requests: { cpu: '60' } } })
const onPort = asking({ ports: [{ containerPort: 80, hostPort: 80 }] })

test.for<[what: string, verdict: string, images: string[], spec: object, other: object]>([
  ['its room', 'atRisk', [], big, big],
  ['its host port', 'atRisk', [], onPort, onPort],
  ['its place', 'atRisk', [], {}, { ...asking({}), affinity: apart('web') }],
  ['its room, and a list is cut', 'unknown', FULL, big, big],
  ['its room, and the image is there', 'safe', [WEB], big, big],
  ['nothing', 'atRisk', [], {}, asking({})],
])('a pod that runs on a node takes %s, and may go', ([, verdict, images, spec, other]) => {
  const pod = {
    metadata: { name: 'p', namespace: 'default' },
    spec: { nodeName: 'b', ...other },
    status: { phase: 'Running' },
  }
  const nodes = [holder, node('b', { images, labels: { 'kubernetes.io/hostname': 'b' } })]
  const { workloads } = auditCluster([workload({ spec })], nodes, { livePods: [pod] as never })
  expect(workloads[0]?.verdict).toBe(verdict)
})
