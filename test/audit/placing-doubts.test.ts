import { expect, test } from 'vitest'
import { managerDoubts, nameDoubts, placingDoubts } from '../../src/audit/classes/placing-doubts.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { node, workload } from '../support/cluster.ts'

const NODES = [node('a', { labels: { disk: 'ssd' }, images: ['docker.io/library/web:1'] })]
const POD_NODE_SELECTOR = 'scheduler.alpha.kubernetes.io/node-selector'
const OPENSHIFT = 'openshift.io/node-selector'
const DEFAULTS = 'scheduler.alpha.kubernetes.io/defaultTolerations'

test.for<[verdict: string, annotations: Record<string, string>, nodeSelector?: Record<string, string>]>([
  ['unknown', { [POD_NODE_SELECTOR]: 'pool=a' }],
  ['unknown', { [OPENSHIFT]: 'pool=a' }],
  ['safe', { [OPENSHIFT]: '' }],
  ['safe', { [OPENSHIFT]: ' disk = ssd ' }, { disk: 'ssd' }],
  ['unknown', { [OPENSHIFT]: 'disk=ssd,pool=a' }, { disk: 'ssd' }],
  ['unknown', { [DEFAULTS]: '[{"operator":"Exists"}]' }],
  ['safe', { [DEFAULTS]: '[]' }],
  ['unknown', { 'scheduler.alpha.kubernetes.io/tolerationsWhitelist': '[{"key":"a"}]' }],
  ['safe', { 'openshift.io/description': 'pool=a' }],
])('%s: a namespace annotated %j, a pod that selects %j', ([verdict, annotations, nodeSelector]) => {
  const one = workload({ spec: nodeSelector ? { nodeSelector } : {} })
  const namespaceAnnotations = new Map([['default', annotations]])
  expect(auditCluster([one], NODES, { namespaceAnnotations }).workloads[0]?.verdict).toBe(verdict)
})

test('an annotation that is not there, or of a namespace that is not known', () => {
  expect(placingDoubts({ containers: [] }, 'x', undefined)).toEqual([])
})

test.for<[apiVersion: string, kind: string, length: number, count: number]>([
  ['apps/v1', 'StatefulSet', 52, 0],
  ['apps/v1', 'StatefulSet', 53, 1],
  ['apps/v1', 'Deployment', 242, 0],
  ['apps/v1', 'Deployment', 243, 1],
  ['apps/v1', 'DaemonSet', 253, 0],
  ['apps.kruise.io/v1beta1', 'StatefulSet', 60, 0],
])('a name of a %s %s with %d characters leaves room for what is made of it', ([apiVersion, kind, length, count]) => {
  expect(nameDoubts({ apiVersion, kind, name: 'w'.repeat(length) })).toHaveLength(count)
})

test.for<[kind: string, managedBy: unknown, count: number]>([
  ['Job', 'kueue.x-k8s.io/multikueue', 1],
  ['Job', 'kubernetes.io/job-controller', 0],
  ['Job', undefined, 0],
  ['Deployment', 'x', 0],
])('who makes the pods of a %s: %j', ([kind, managedBy, count]) => {
  expect(managerDoubts({ kind, value: { spec: { managedBy } } })).toHaveLength(count)
})
