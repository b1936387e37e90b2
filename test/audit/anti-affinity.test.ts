import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { autoscalerOf } from '../../src/kubernetes/objects/autoscaler.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const OWN = { labelSelector: { matchLabels: { app: 'web' } } }
const HOST = { topologyKey: 'kubernetes.io/hostname', ...OWN }
const ZONE = { topologyKey: 'zone', ...OWN }
const NODES = [
  node('a', { images: [WEB], labels: { zone: '1' } }),
  node('b', { images: [WEB], labels: { zone: '2' } }),
  node('c', { images: [WEB], labels: { zone: '2' } }),
]

interface Parts {
  readonly terms?: object[]
  readonly replicas?: number
  readonly kind?: string
  readonly spec?: object
}

function apart({ terms = [HOST], replicas = 2, kind, spec }: Parts, name = 'w') {
  const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: terms }
  return workload({ name, replicas, ...(kind && { kind }), spec: { affinity: { podAntiAffinity }, ...spec } })
}

function verdictOf(parts: Parts, conditions: Conditions = {}, others: ReturnType<typeof workload>[] = []) {
  const [first] = auditCluster([apart(parts), ...others], NODES, conditions).workloads
  return first?.verdict
}

function livePod(owner: string, parts: { labels?: object; namespace?: string; phase?: string } = {}): Pod {
  const { labels = { app: 'web' }, namespace = 'default', phase = 'Running' } = parts
  const ownerReferences = [{ kind: 'ReplicaSet', name: `${owner}-x` }]
  const metadata = { name: `${owner}-x-1`, namespace, ownerReferences, labels: { ...labels, 'pod-template-hash': 'x' } }
  const spec = { nodeName: 'a', containers: [{ name: 'c', image: 'web:1' }] }
  return { metadata, spec, status: { phase } } as unknown as Pod
}

test.for<[rule: string, parts: Parts, verdict: string]>([
  ['a node for each', { replicas: 3 }, 'safe'],
  ['one pod', { replicas: 1 }, 'safe'],
  ['a pod more than nodes', { replicas: 4 }, 'unknown'],
  ['a zone for each', { terms: [ZONE], replicas: 2 }, 'safe'],
  ['a pod more than zones', { terms: [ZONE], replicas: 3 }, 'unknown'],
  [
    'a label that some node lacks keeps nobody from there',
    { terms: [{ ...ZONE, topologyKey: 'rack' }], replicas: 9 },
    'safe',
  ],
  ['by two labels at once', { terms: [HOST, ZONE] }, 'unknown'],
  ['the same term twice', { terms: [HOST, HOST] }, 'safe'],
  ['its own namespace, by name', { terms: [{ ...HOST, namespaces: ['default'] }] }, 'safe'],
  ['another namespace too', { terms: [{ ...HOST, namespaces: ['default', 'x'] }] }, 'unknown'],
  ['every namespace', { terms: [{ ...HOST, namespaceSelector: {} }] }, 'unknown'],
  [
    'narrower than its selector',
    { terms: [{ ...HOST, labelSelector: { matchLabels: { app: 'web', tier: 'x' } } }] },
    'safe',
  ],
  ['another selector', { terms: [{ ...HOST, labelSelector: { matchLabels: { app: 'db' } } }] }, 'unknown'],
  [
    'expressions',
    { terms: [{ ...HOST, labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }] },
    'unknown',
  ],
  ['pods that differ in a label', { terms: [{ ...HOST, mismatchLabelKeys: ['pod-template-hash'] }] }, 'unknown'],
  ['pods of one revision', { terms: [{ ...HOST, matchLabelKeys: ['pod-template-hash'] }] }, 'safe'],
  ['no selector', { terms: [{ topologyKey: 'kubernetes.io/hostname' }] }, 'unknown'],
  ['a StatefulSet', { kind: 'StatefulSet', replicas: 3 }, 'safe'],
  ['a DaemonSet, one a node', { kind: 'DaemonSet' }, 'safe'],
  ['a DaemonSet, one a zone', { kind: 'DaemonSet', terms: [ZONE] }, 'unknown'],
  ['only two of three nodes', { replicas: 3, spec: { nodeSelector: { zone: '2' } } }, 'unknown'],
  ['a Pod, whose labels others may have', { kind: 'Pod' }, 'unknown'],
])('anti-affinity to its own pods, where live pods are not known: %s', ([, parts, verdict]) => {
  expect(verdictOf(parts)).toBe(verdict)
})

const DB = { ...HOST, labelSelector: { matchLabels: { app: 'db' } } }
const HASH = { ...HOST, labelSelector: { matchLabels: { 'pod-template-hash': 'x' } } }
const EXPRESSION = { ...HOST, labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] } }

test.for<[rule: string, parts: Parts, livePods: Pod[], verdict: string]>([
  ['nobody is there', { terms: [EXPRESSION] }, [], 'safe'],
  ['its own pods', {}, [livePod('w'), livePod('w')], 'safe'],
  ['pods of another workload', {}, [livePod('v')], 'unknown'],
  ['of another, that have ended', {}, [livePod('v', { phase: 'Failed' })], 'safe'],
  ['of another, in another namespace', {}, [livePod('v', { namespace: 'x' })], 'safe'],
  ['of another, with other labels', {}, [livePod('v', { labels: { app: 'x' } })], 'safe'],
  ['those that it avoids are not there', { terms: [DB], replicas: 9 }, [livePod('v')], 'safe'],
  ['those that it avoids are there', { terms: [DB] }, [livePod('v', { labels: { app: 'db' } })], 'unknown'],
  ['a hash that others may have', { terms: [HASH] }, [livePod('w')], 'unknown'],
  ['they wait for a node', { terms: [DB] }, [livePod('v', { labels: { app: 'db' }, phase: 'Pending' })], 'unknown'],
])('anti-affinity, where live pods are known: %s', ([, parts, livePods, verdict]) => {
  expect(verdictOf(parts, { livePods })).toBe(verdict)
})

test('what else is to come counts too', () => {
  expect(verdictOf({}, { livePods: [] }, [workload({ name: 'other' })])).toBe('unknown')
  expect(verdictOf({}, {}, [workload({ name: 'other' })])).toBe('unknown')
})

test.for<[what: string, object: object, verdict: string]>([
  [
    'an autoscaler',
    { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', spec: { maxReplicas: 4 } },
    'unknown',
  ],
  [
    'one that stays within the nodes',
    { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', spec: { maxReplicas: 3 } },
    'safe',
  ],
  ['KEDA', { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', spec: {} }, 'unknown'],
  ['KEDA with an end', { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', spec: { maxReplicaCount: 2 } }, 'safe'],
])('the pods that %s makes want places too', ([, object, verdict]) => {
  const { spec, ...head } = object as { apiVersion: string; kind: string; spec: object }
  const scaleTargetRef = { kind: 'Deployment', name: 'w' }
  const text = JSON.stringify({ ...head, metadata: { name: 's' }, spec: { scaleTargetRef, ...spec } })
  const [resource] = readAllDocuments(text, 'test.yaml').flatMap(resourcesOf)
  const scaler = resource && autoscalerOf(resource)
  const range = { least: scaler?.minReplicas ?? 0, most: scaler?.maxReplicas ?? 0 }
  const autoscaled = new Map([[`${scaler?.target.kind} default/${scaler?.target.name}`, range]])
  expect(verdictOf({}, { autoscaled })).toBe(verdict)
})

test('the message says how many want a place and how many there are', () => {
  const [first] = auditCluster([apart({ replicas: 5 })], NODES, {}).workloads
  expect(first?.nodes[0]).toMatchObject({
    reason: 'InterPodAffinity',
    message: 'its anti-affinity keeps its pods apart by kubernetes.io/hostname: 5 want a place, and there are 3',
  })
})
