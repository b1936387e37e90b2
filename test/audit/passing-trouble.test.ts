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
