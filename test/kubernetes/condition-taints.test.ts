import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { withConditionTaints } from '../../src/kubernetes/kubelet/condition-taints.ts'
import { node, workload } from '../support/cluster.ts'

const on = (type: string, status: string, key?: string) =>
  node('a', {
    status: { conditions: [{ type, status }] },
    ...(key && { spec: { taints: [{ key, effect: 'NoSchedule' }] } }),
  })

test.for<[type: string, status: string, key: string | undefined]>([
  ['Ready', 'False', 'not-ready'],
  ['Ready', 'Unknown', 'unreachable'],
  ['Ready', 'True', undefined],
  ['MemoryPressure', 'True', 'memory-pressure'],
  ['DiskPressure', 'True', 'disk-pressure'],
  ['DiskPressure', 'False', undefined],
  ['PIDPressure', 'True', 'pid-pressure'],
  ['NetworkUnavailable', 'True', 'network-unavailable'],
  ['FrequentRestarts', 'True', undefined],
])('a node whose %s is %s is tainted with %s', ([type, status, key]) => {
  const keys = key === undefined ? [] : [`node.kubernetes.io/${key}`]
  const tainted = withConditionTaints(on(type, status))
  expect((tainted.spec?.taints ?? []).map((taint) => [taint.key, taint.effect])).toEqual(
    keys.map((one) => [one, 'NoSchedule']),
  )
  const again = withConditionTaints(on(type, status, keys[0]))
  expect(again.spec?.taints ?? []).toHaveLength(keys.length)
})

test('no pod lands on a node whose kubelet has gone silent, though nobody has tainted it', () => {
  const silent = { ...node('a', { images: ['docker.io/library/web:1'] }) }
  const conditions = [{ type: 'Ready', status: 'Unknown' }]
  const gone = { ...silent, status: { ...silent.status, conditions } }
  expect(auditCluster([workload()], [gone], {}).workloads[0]?.verdict).toBe('impossible')
})
