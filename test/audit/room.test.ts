import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { scaleRanges } from '../../src/audit/scaling.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import type { Workload } from '../../src/kubernetes/objects/workload.ts'
import { node, workload } from '../support/cluster.ts'

const images = ['docker.io/library/web:1']
const nodes = (allocatable: Record<string, string>) =>
  ['a', 'b'].map((name) => node(name, { images, allocatable: { cpu: '4', pods: '110', ...allocatable } }))
const asking = (cpu: string, more: object = {}) => ({
  containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu } }, ...more }],
})
const web = (name: string, replicas: number, cpu: string, more: object = {}, kind = 'Deployment') =>
  workload({ kind, name, replicas, spec: { ...asking(cpu, more), ...(kind === 'Job' && { restartPolicy: 'Never' }) } })
const port = { ports: [{ containerPort: 80, hostPort: 80 }] }

test.for<[what: string, verdicts: string[], workloads: Workload[], allocatable?: Record<string, string>]>([
  ['as many as fit', ['safe'], [web('w', 4, '2')]],
  ['one more than fits', ['atRisk'], [web('w', 5, '2')]],
  ['pods that halves of nodes cannot hold', ['atRisk'], [web('w', 3, '3')]],
  ['two that are too much together', ['atRisk', 'atRisk'], [web('w', 2, '3'), web('v', 1, '3')]],
  ['two that fit together', ['safe', 'safe'], [web('w', 2, '3'), web('v', 2, '1')]],
  ['more pods than a node takes', ['atRisk'], [web('w', 5, '0')], { pods: '2' }],
  [
    'DaemonSets that fit each by itself',
    ['safe', 'atRisk'],
    [web('w', 1, '3', {}, 'DaemonSet'), web('v', 1, '3', {}, 'DaemonSet')],
  ],
  ['what a DaemonSet leaves', ['safe', 'atRisk'], [web('w', 1, '3', {}, 'DaemonSet'), web('v', 3, '1')]],
  ['a Job, whose pods may wait', ['safe'], [web('w', 5, '2', {}, 'Job')]],
  ['one host port of two workloads', ['atRisk', 'atRisk'], [web('w', 2, '0', port), web('v', 1, '0', port)]],
  ['a host port with a node for each', ['safe', 'safe'], [web('w', 1, '0', port), web('v', 1, '0', port)]],
  ['one host port a node', ['safe'], [web('w', 2, '0', port)]],
  ['a host port more than nodes', ['atRisk'], [web('w', 3, '0', port)]],
  ['a host port of a DaemonSet', ['safe'], [web('w', 9, '0', port, 'DaemonSet')]],
  ['a host port that a Job waits for', ['safe'], [web('w', 3, '0', port, 'Job')]],
  ['what wants no pods', ['safe'], [web('w', 0, '3')]],
])('room for %s', ([, verdicts, workloads, allocatable = {}]) => {
  const { workloads: found, findings } = auditCluster(workloads, nodes(allocatable), {})
  expect(found.map(({ verdict }) => verdict)).toEqual(verdicts)
  const said = findings.filter(({ code }) => code === 'NO_ROOM')
  expect(said).toHaveLength(verdicts.filter((verdict) => verdict !== 'safe').length)
})

test.for<[what: string, verdict: string, workloads: Workload[], least: number, most: number]>([
  ['as far as there is room', 'safe', [web('w', 1, '2')], 2, 4],
  ['beyond the nodes at times', 'unknown', [web('w', 1, '2')], 1, 5],
  ['beyond the nodes at least', 'atRisk', [web('w', 1, '2')], 5, 6],
  ['to less than it wants', 'safe', [web('w', 4, '2')], 1, 2],
  ['to more host ports than nodes', 'unknown', [web('w', 1, '0', port)], 1, 3],
  ['to what others leave', 'safe', [web('w', 1, '2'), web('v', 2, '1')], 1, 3],
  ['to more than others leave', 'unknown', [web('w', 1, '2'), web('v', 3, '1')], 1, 3],
  ['from nothing', 'unknown', [web('w', 0, '2')], 1, 5],
])('room for what something scales %s: %s', ([, verdict, workloads, least, most]) => {
  const conditions = { autoscaled: new Map([['Deployment default/w', { least, most }]]) }
  expect(auditCluster(workloads, nodes({}), conditions).workloads[0]?.verdict).toBe(verdict)
})

const rollout = (spec: object, name = 'r') => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name },
  spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'w' }, ...spec },
})
const scaler = (name: string, minReplicas: number) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 's' },
  spec: { scaleTargetRef: { kind: 'Rollout', name }, minReplicas, maxReplicas: minReplicas },
})

test.for<[what: string, verdict: string, wanted: number, objects: object[]]>([
  ['as many as there is room for', 'safe', 4, [rollout({ replicas: 4 })]],
  ['more than there is room for', 'atRisk', 5, [rollout({ replicas: 5 })]],
  ['one where it says nothing', 'safe', 1, [rollout({})]],
  ['as many as something scales it to', 'atRisk', 5, [scaler('r', 5), rollout({ replicas: 1 })]],
  ['those of another', 'safe', 0, [rollout({ replicas: 5, workloadRef: { kind: 'Deployment', name: 'v' } })]],
])('a Rollout has pods of the template that it refers to: %s', ([, verdict, wanted, objects]) => {
  const resources = objects.flatMap((one) => readAllDocuments(JSON.stringify(one), 'r.json').flatMap(resourcesOf))
  const [found] = auditCluster([web('w', 0, '2')], nodes({}), { autoscaled: scaleRanges(resources) }).workloads
  expect([found?.verdict, found?.workload.replicas]).toEqual([verdict, wanted])
})

test.for<[says: boolean, replicas: number, strategy: object]>([
  [true, 2, {}],
  [false, 1, {}],
  [false, 2, { type: 'Recreate' }],
  [false, 2, { rollingUpdate: { maxUnavailable: 1 } }],
  [false, 2, { rollingUpdate: { maxUnavailable: '50%' } }],
  [true, 2, { rollingUpdate: { maxUnavailable: '49%' } }],
  [true, 2, { rollingUpdate: { maxUnavailable: 0, maxSurge: 2 } }],
  [false, 2, { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } }],
])('an update that waits for its own host ports is said (%s): %d pods on 2 nodes, %j', ([says, replicas, strategy]) => {
  const one = web('w', replicas, '0', port)
  const spec = { ...(one.resource.value.spec as object), strategy }
  const updated = { ...one, resource: { ...one.resource, value: { ...one.resource.value, spec } } }
  const codes = auditCluster([updated], nodes({}), {}).findings.map(({ code }) => code)
  expect(codes.includes('HOST_PORT_UPDATE')).toBe(says)
})

test('a pod that a cluster has stored is not counted twice', () => {
  const bare = web('x', 1, '3', {}, 'Pod')
  const stored = { ...bare, template: { ...bare.template, metadata: { uid: 'u' } } }
  const { workloads } = auditCluster([stored, web('v', 1, '4')], nodes({}), {})
  expect(workloads.map(({ verdict }) => verdict)).toEqual(['safe', 'safe'])
})

const live = (owner: string): Pod => ({
  metadata: {
    name: `${owner}-1`,
    namespace: 'default',
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: owner, uid: 'u' }],
  },
  spec: { nodeName: 'a', ...asking('3') },
})

test('what others take is not free, and what a workload has itself is', () => {
  const verdictWith = (pod: Pod) =>
    auditCluster([web('w', 2, '3', {}, 'StatefulSet'), web('v', 2, '1')], nodes({}), { livePods: [pod] }).workloads.map(
      ({ verdict }) => verdict,
    )
  expect(verdictWith(live('w'))).toEqual(['safe', 'safe'])
  expect(verdictWith(live('other'))[0]).toBe('atRisk')
})
