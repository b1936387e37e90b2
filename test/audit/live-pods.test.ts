import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'

interface LiveParts {
  readonly node?: string
  readonly namespace?: string
  readonly term?: object
  readonly spec?: object
  readonly phase?: string
}

const livePod = ({ node: nodeName = 'a', namespace = 'default', term, spec, phase = 'Running' }: LiveParts): Pod =>
  ({
    metadata: { name: 'live', namespace, labels: { app: 'db' } },
    spec: {
      nodeName,
      containers: [{ name: 'c', image: 'web:1' }],
      ...(term && { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }),
      ...spec,
    },
    status: { phase },
  }) as unknown as Pod

const NODES = [
  node('a', { images: [WEB], labels: { zone: '1' } }),
  node('b', { images: [WEB], labels: { zone: '1' } }),
  node('c', { images: [WEB] }),
]

/** What becomes of a pod with labels `app: web` on the nodes a, b and c. */
function answers(livePods: Pod[], conditions: Conditions = {}, spec: object = {}, kind = 'Deployment') {
  const one = workload({ kind, spec: { containers: [{ name: 'c', image: 'web:1' }], ...spec } })
  const labelled = { ...one, template: { ...one.template, metadata: { labels: { app: 'web' } } } }
  const { workloads, nodeClasses } = auditCluster([labelled], NODES, { livePods, ...conditions })
  const found = NODES.map(({ metadata }) => nodeClasses.findIndex(({ nodes }) => nodes.includes(metadata?.name ?? '')))
  return found.map((index) => {
    const verdict = workloads[0]?.nodes[index]
    return verdict?.starts === null ? `${verdict.reason}?` : (verdict?.reason ?? 'starts')
  })
}

const web = { labelSelector: { matchLabels: { app: 'web' } } }
const host = { topologyKey: 'kubernetes.io/hostname', ...web }
const zone = { topologyKey: 'zone', ...web }
const hashed = (operator: string, value?: string, app = 'web') => ({
  ...host,
  labelSelector: {
    matchLabels: { app },
    matchExpressions: [{ key: 'pod-template-hash', operator, ...(value && { values: [value] }) }],
  },
})
const NO = 'InterPodAffinity'

test.for<[rule: string, live: LiveParts, expected: string[], conditions?: Conditions]>([
  ['nothing of the sort', {}, ['starts', 'starts', 'starts']],
  ['of its node', { term: host }, [NO, 'starts', 'starts']],
  ['of its zone', { term: zone }, [NO, NO, 'starts']],
  ['a node that has no such label shares none', { node: 'c', term: zone }, ['starts', 'starts', 'starts']],
  [
    'it is about others',
    { term: { ...host, labelSelector: { matchLabels: { app: 'x' } } } },
    ['starts', 'starts', 'starts'],
  ],
  ['it is about everyone', { term: { ...host, labelSelector: {} } }, [NO, 'starts', 'starts']],
  ['its pod has ended', { term: host, phase: 'Succeeded' }, ['starts', 'starts', 'starts']],
  ['another namespace', { term: host, namespace: 'x' }, ['starts', 'starts', 'starts']],
  [
    'another namespace that names this one',
    { term: { ...host, namespaces: ['default'] }, namespace: 'x' },
    [NO, 'starts', 'starts'],
  ],
  ['every namespace', { term: { ...host, namespaceSelector: {} }, namespace: 'x' }, [NO, 'starts', 'starts']],
  [
    'namespaces by the name that each has as a label',
    {
      term: { ...host, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } },
      namespace: 'x',
    },
    [NO, 'starts', 'starts'],
  ],
  [
    'namespaces by a label that nobody told',
    { term: { ...host, namespaceSelector: { matchLabels: { team: 'a' } } }, namespace: 'x' },
    [`${NO}?`, 'starts', 'starts'],
  ],
  [
    'namespaces by a label that is known',
    { term: { ...host, namespaceSelector: { matchLabels: { team: 'a' } } }, namespace: 'x' },
    [NO, 'starts', 'starts'],
    { namespaces: new Map([['default', { team: 'a' }]]) },
  ],
  [
    'namespaces by a label that is known to differ',
    { term: { ...host, namespaceSelector: { matchLabels: { team: 'a' } } }, namespace: 'x' },
    ['starts', 'starts', 'starts'],
    { namespaces: new Map([['default', { team: 'b' }]]) },
  ],
  ['a hash that its controller chooses', { term: hashed('In', 'x') }, [`${NO}?`, 'starts', 'starts']],
  ['a hash, of other pods', { term: hashed('In', 'x', 'db') }, ['starts', 'starts', 'starts']],
  ['any hash', { term: hashed('Exists') }, [NO, 'starts', 'starts']],
  ['no hash', { term: hashed('DoesNotExist') }, ['starts', 'starts', 'starts']],
  [
    'nothing but a hash',
    { term: { ...host, labelSelector: { matchLabels: { 'pod-template-hash': 'x' } } } },
    [`${NO}?`, 'starts', 'starts'],
  ],
  ['a pod of lower priority may have to go', { term: host, spec: { priority: -1 } }, [`${NO}?`, 'starts', 'starts']],
])('required anti-affinity of a live pod: %s', ([, live, expected, conditions]) => {
  expect(answers([livePod(live)], conditions)).toEqual(expected)
})

test('a bound pod meets no anti-affinity, a DaemonSet waits for it', () => {
  expect(answers([livePod({ term: host })], {}, { nodeName: 'a' })).toEqual(['starts', 'NodeName', 'NodeName'])
  expect(answers([livePod({ term: host })], {}, {}, 'DaemonSet')).toEqual([NO, 'starts', 'starts'])
})

const ports = { containers: [{ name: 'c', image: 'web:1', ports: [{ containerPort: 80, hostPort: 80 }] }] }

test.for<[rule: string, live: object, spec: object, expected: string]>([
  ['a pod of the same priority keeps its port', ports, ports, 'NodePorts'],
  ['one of a lower priority may have to give it up', { ...ports, priority: -1 }, ports, 'NodePorts?'],
  [
    'a pod that preempts nobody waits',
    { ...ports, priority: -1 },
    { ...ports, preemptionPolicy: 'Never' },
    'NodePorts',
  ],
  ['a kubelet makes no room for a bound pod', { ...ports, priority: -1 }, { ...ports, nodeName: 'a' }, 'NodePorts'],
  ['not even for a critical one', { ...ports, priority: -1 }, { ...ports, nodeName: 'a', priority: 2e9 }, 'NodePorts'],
])('host ports: %s', ([, live, spec, expected]) => {
  expect(answers([livePod({ spec: live })], {}, spec)[0]).toBe(expected)
})

const hungry = { containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu: '40' } } }] }

test('a kubelet makes room for a critical bound pod that lacks resources, and for no other', () => {
  const live = livePod({ spec: { ...hungry, priority: -1 } })
  expect(answers([live], {}, { ...hungry, nodeName: 'a', priority: 9 })[0]).toBe('NodeResourcesFit')
  expect(answers([live], {}, { ...hungry, nodeName: 'a', priority: 2e9 })[0]).toBe('NodeResourcesFit?')
})

test('a class that never preempts is told by its class', () => {
  const priorityClasses = [{ name: 'high', value: 9, isDefault: false, preempts: false }]
  const spec = { ...ports, priorityClassName: 'high' }
  expect(answers([livePod({ spec: ports })], { priorityClasses }, spec)[0]).toBe('NodePorts')
  expect(
    answers([livePod({ spec: ports })], { priorityClasses: [{ ...priorityClasses[0]!, preempts: true }] }, spec)[0],
  ).toBe('NodePorts?')
})

test('a pod that is resized keeps what it has from others', () => {
  const big = { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] }
  const pod = livePod({ spec: big })
  const resized = {
    ...pod,
    status: { phase: 'Running', containerStatuses: [{ name: 'c', allocatedResources: { cpu: '63' } }] },
  }
  const spec = { containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu: '2' } } }] }
  expect(answers([pod], {}, spec)[0]).toBe('starts')
  expect(answers([resized as unknown as Pod], {}, spec)[0]).toBe('NodeResourcesFit')
})
