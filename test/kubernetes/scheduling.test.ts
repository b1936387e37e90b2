import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Taint } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { admittedPod } from '../../src/kubernetes/admission/admitted-pod.ts'
import type { Document } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { runtimeClassOf } from '../../src/kubernetes/objects/runtime-class.ts'
import { workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { placementDoubts, placementRefusal } from '../../src/kubernetes/placement/placement.ts'
import type { NodeUse } from '../../src/kubernetes/scheduler/filters.ts'
import { schedulablePod } from '../../src/kubernetes/scheduler/schedulable-pod.ts'

const LABELS = { disk: 'ssd', cores: '16', empty: '', model: 'x1' }

function node(
  parts: { labels?: Record<string, string>; taints?: Taint[]; unschedulable?: boolean; name?: string } = {},
) {
  const { labels = LABELS, taints, unschedulable, name = 'n1' } = parts
  return { metadata: { name, labels }, spec: { ...(taints && { taints }), ...(unschedulable && { unschedulable }) } }
}

function pod(spec: object, kind = 'Deployment') {
  const value = { apiVersion: 'apps/v1', kind, metadata: { name: 'w' }, spec: { template: { spec } } }
  const [resource] = resourcesOf({ value } as unknown as Document)
  return schedulablePod(admittedPod(workloadOf(resource!)!))
}

function reason(spec: object, on: Node, kind?: string): string | undefined {
  return placementRefusal(pod(spec, kind), on)?.reason
}

const affinity = (...nodeSelectorTerms: NodeSelectorTerm[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
})

const expression = (key: string, operator: string, ...values: string[]): NodeSelectorRequirement => ({
  key,
  operator,
  ...(values.length > 0 && { values }),
})

test.for<[rule: string, selector: Record<string, string>, matches: boolean]>([
  ['a label with that value', { disk: 'ssd' }, true],
  ['every label is needed', { disk: 'ssd', model: 'x2' }, false],
  ['another value', { disk: 'hdd' }, false],
  ['no such label', { zone: 'a' }, false],
  ['no such label, although the wanted value is empty', { zone: '' }, false],
  ['a label with the empty value', { empty: '' }, true],
  ['a key that objects inherit', { toString: '' }, false],
  ['no label is wanted', {}, true],
])('nodeSelector: %s', ([, nodeSelector, matches]) => {
  expect(reason({ nodeSelector }, node())).toBe(matches ? undefined : 'NodeAffinity')
})

test.for<[rule: string, requirement: NodeSelectorRequirement, matches: boolean]>([
  ['In: the value is listed', expression('disk', 'In', 'hdd', 'ssd'), true],
  ['In: the value is not listed', expression('disk', 'In', 'hdd'), false],
  ['In: no such label', expression('zone', 'In', 'a'), false],
  ['In: no such label, the empty value is listed', expression('zone', 'In', ''), false],
  ['In: no values do not parse', expression('disk', 'In'), false],
  ['NotIn: the value is listed', expression('disk', 'NotIn', 'ssd'), false],
  ['NotIn: the value is not listed', expression('disk', 'NotIn', 'hdd'), true],
  ['NotIn: no such label', expression('zone', 'NotIn', 'a'), true],
  ['NotIn: no values do not parse', expression('zone', 'NotIn'), false],
  ['Exists: the label is there', expression('empty', 'Exists'), true],
  ['Exists: no such label', expression('zone', 'Exists'), false],
  ['Exists: values do not parse', expression('disk', 'Exists', 'ssd'), false],
  ['DoesNotExist: the label is there', expression('disk', 'DoesNotExist'), false],
  ['DoesNotExist: no such label', expression('zone', 'DoesNotExist'), true],
  ['Gt: greater', expression('cores', 'Gt', '15'), true],
  ['Gt: equal', expression('cores', 'Gt', '16'), false],
  ['Gt: compared as numbers, not as text', expression('cores', 'Gt', '9'), true],
  ['Gt: the label is no integer', expression('model', 'Gt', '1'), false],
  ['Gt: no such label', expression('zone', 'Gt', '0'), false],
  ['Gt: "-1" is no label value and does not parse', expression('cores', 'Gt', '-1'), false],
  ['Gt: two values do not parse', expression('cores', 'Gt', '1', '2'), false],
  ['Gt: beyond 64 bits does not parse', expression('cores', 'Lt', '9223372036854775808'), false],
  ['Lt: smaller', expression('cores', 'Lt', '17'), true],
  ['Lt: equal', expression('cores', 'Lt', '16'), false],
  ['an operator that is none', expression('disk', 'in', 'ssd'), false],
  ['a value that is no label value', expression('disk', 'NotIn', 'a/b'), false],
  ['a key that is no label key', expression('-disk', 'DoesNotExist'), false],
])('required node affinity, %s', ([, requirement, matches]) => {
  expect(reason(affinity({ matchExpressions: [requirement] }), node())).toBe(matches ? undefined : 'NodeAffinity')
})

const SSD = { matchExpressions: [expression('disk', 'In', 'ssd')] }
const HDD = { matchExpressions: [expression('disk', 'In', 'hdd')] }
const BROKEN = { matchExpressions: [expression('cores', 'Gt', '-1')] }
const field = (key: string, operator: string, ...values: string[]) => ({
  matchFields: [expression(key, operator, ...values)],
})

test.for<[rule: string, spec: object, matches: boolean]>([
  ['terms are alternatives', affinity(HDD, SSD), true],
  ['no term matches', affinity(HDD, HDD), false],
  [
    'the parts of a term must all match',
    affinity({ matchExpressions: [...SSD.matchExpressions, ...HDD.matchExpressions] }),
    false,
  ],
  ['an empty term matches nothing', affinity({}), false],
  ['an empty term beside one that matches', affinity({}, SSD), true],
  ['a term with empty lists matches nothing', affinity({ matchExpressions: [], matchFields: [] }), false],
  ['zero terms match no node', affinity(), false],
  [
    'no list of terms matches no node',
    { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } } },
    false,
  ],
  ['a broken term beside one that matches', affinity(BROKEN, SSD), true],
  ['only a broken term', affinity(BROKEN), false],
  ['null matches all', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: null } } }, true],
  ['selector and affinity must both match', { nodeSelector: { disk: 'hdd' }, ...affinity(SSD) }, false],
  [
    'preferred terms never filter',
    {
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: HDD }] } },
    },
    true,
  ],
  ['field metadata.name In', affinity(field('metadata.name', 'In', 'n1')), true],
  ['field metadata.name In another', affinity(field('metadata.name', 'In', 'n2')), false],
  ['field metadata.name NotIn', affinity(field('metadata.name', 'NotIn', 'n2')), true],
  ['field metadata.name NotIn this one', affinity(field('metadata.name', 'NotIn', 'n1')), false],
  ['a field with two values does not parse', affinity(field('metadata.name', 'In', 'n1', 'n2')), false],
  ['a field with another operator does not parse', affinity(field('metadata.name', 'Exists')), false],
  ['another field does not parse', affinity(field('metadata.uid', 'NotIn', 'x')), false],
  ['fields and expressions must both match', affinity({ ...SSD, ...field('metadata.name', 'In', 'n2') }), false],
])('required node affinity: %s', ([, spec, matches]) => {
  expect(reason(spec, node())).toBe(matches ? undefined : 'NodeAffinity')
})

const GPU: Taint = { key: 'gpu', value: 'h200', effect: 'NoSchedule' }

test.for<[rule: string, taint: Taint, tolerations: object[], tolerated: boolean]>([
  ['no toleration', GPU, [], false],
  ['same key, value and effect', GPU, [{ key: 'gpu', operator: 'Equal', value: 'h200', effect: 'NoSchedule' }], true],
  ['no operator is Equal', GPU, [{ key: 'gpu', value: 'h200', effect: 'NoSchedule' }], true],
  ['no effect covers each effect', GPU, [{ key: 'gpu', value: 'h200' }], true],
  ['another value', GPU, [{ key: 'gpu', value: 'a100' }], false],
  ['another effect', GPU, [{ key: 'gpu', value: 'h200', effect: 'NoExecute' }], false],
  ['another key', GPU, [{ key: 'tpu', value: 'h200' }], false],
  ['Exists ignores the value', GPU, [{ key: 'gpu', operator: 'Exists' }], true],
  ['Exists without a key covers every taint', GPU, [{ operator: 'Exists' }], true],
  ['Exists without a key, for another effect', GPU, [{ operator: 'Exists', effect: 'NoExecute' }], false],
  ['a missing value equals the empty one', { key: 'gpu', effect: 'NoSchedule' }, [{ key: 'gpu', value: '' }], true],
  [
    'Gt is alpha and off',
    { key: 'gpu', value: '5', effect: 'NoSchedule' },
    [{ key: 'gpu', operator: 'Gt', value: '1' }],
    false,
  ],
  [
    'Lt is alpha and off',
    { key: 'gpu', value: '1', effect: 'NoSchedule' },
    [{ key: 'gpu', operator: 'Lt', value: '5' }],
    false,
  ],
  [
    'tolerationSeconds plays no part',
    { ...GPU, effect: 'NoExecute' },
    [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 0 }],
    true,
  ],
  ['NoExecute keeps away too', { ...GPU, effect: 'NoExecute' }, [], false],
  ['PreferNoSchedule keeps nobody away', { ...GPU, effect: 'PreferNoSchedule' }, [], true],
  [
    'not-ready:NoExecute is tolerated by admission',
    { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
    [],
    true,
  ],
  [
    'unreachable:NoExecute is tolerated by admission',
    { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
    [],
    true,
  ],
  ['not-ready:NoSchedule is not', { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }, [], false],
  ['memory-pressure:NoSchedule is not', { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }, [], false],
])('taint: %s', ([, taint, tolerations, tolerated]) => {
  expect(reason({ tolerations }, node({ taints: [taint] }))).toBe(tolerated ? undefined : 'TaintToleration')
})

test('every taint needs its own toleration', () => {
  const taints = [GPU, { key: 'team', value: 'a', effect: 'NoSchedule' }]
  expect(reason({ tolerations: [{ key: 'gpu', operator: 'Exists' }] }, node({ taints }))).toBe('TaintToleration')
})

const condition = (name: string, effect = 'NoSchedule'): Taint => ({ key: `node.kubernetes.io/${name}`, effect })
const CORDONED = { unschedulable: true, taints: [condition('unschedulable')] }
const CONTROL_PLANE = { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }

test.for<[rule: string, kind: string, spec: object, on: Parameters<typeof node>[0], refused: string | undefined]>([
  ['a cordoned node takes no Deployment', 'Deployment', {}, CORDONED, 'NodeUnschedulable'],
  ['unless it tolerates the taint', 'Deployment', { tolerations: [{ operator: 'Exists' }] }, CORDONED, undefined],
  ['unschedulable counts without its taint', 'Deployment', {}, { unschedulable: true }, 'NodeUnschedulable'],
  ['a cordoned node takes a DaemonSet', 'DaemonSet', {}, CORDONED, undefined],
  ['the control plane takes no DaemonSet', 'DaemonSet', {}, CONTROL_PLANE, 'TaintToleration'],
  [
    'a DaemonSet tolerates not-ready:NoExecute',
    'DaemonSet',
    {},
    { taints: [condition('not-ready', 'NoExecute')] },
    undefined,
  ],
  ['but not not-ready:NoSchedule', 'DaemonSet', {}, { taints: [condition('not-ready')] }, 'TaintToleration'],
  [
    'a DaemonSet tolerates unreachable:NoExecute',
    'DaemonSet',
    {},
    { taints: [condition('unreachable', 'NoExecute')] },
    undefined,
  ],
  ['a DaemonSet tolerates disk-pressure', 'DaemonSet', {}, { taints: [condition('disk-pressure')] }, undefined],
  ['a DaemonSet tolerates memory-pressure', 'DaemonSet', {}, { taints: [condition('memory-pressure')] }, undefined],
  ['a DaemonSet tolerates pid-pressure', 'DaemonSet', {}, { taints: [condition('pid-pressure')] }, undefined],
  [
    'network-unavailable only with hostNetwork',
    'DaemonSet',
    {},
    { taints: [condition('network-unavailable')] },
    'TaintToleration',
  ],
  [
    'network-unavailable with hostNetwork',
    'DaemonSet',
    { hostNetwork: true },
    { taints: [condition('network-unavailable')] },
    undefined,
  ],
  ['a DaemonSet obeys its selector', 'DaemonSet', { nodeSelector: { disk: 'hdd' } }, {}, 'NodeAffinity'],
  ['a DaemonSet bound to another node', 'DaemonSet', { nodeName: 'n2' }, {}, 'NodeName'],
  ['a DaemonSet bound to this node obeys taints', 'DaemonSet', { nodeName: 'n1' }, CONTROL_PLANE, 'TaintToleration'],
  ['a pod bound to another node', 'Deployment', { nodeName: 'n2' }, {}, 'NodeName'],
  ['a pod bound to this node ignores the cordon', 'Deployment', { nodeName: 'n1' }, CORDONED, undefined],
  ['and NoSchedule taints', 'Deployment', { nodeName: 'n1' }, { taints: [GPU] }, undefined],
  [
    'but no NoExecute taints',
    'Deployment',
    { nodeName: 'n1' },
    { taints: [{ ...GPU, effect: 'NoExecute' }] },
    'TaintToleration',
  ],
  ['nor the selector', 'Deployment', { nodeName: 'n1', nodeSelector: { disk: 'hdd' } }, {}, 'NodeAffinity'],
  ['an empty nodeName binds nothing', 'Deployment', { nodeName: '' }, {}, undefined],
])('%s (%s)', ([, kind, spec, on, refused]) => {
  expect(reason(spec, node(on), kind)).toBe(refused)
})

const container = (parts: object) => ({ containers: [{ name: 'c', image: 'web:1', ...parts }] })
const port = (hostPort: number, parts: object = {}) => container({ ports: [{ containerPort: 80, hostPort, ...parts }] })
const TAKEN: NodeUse = {
  reserved: { pods: 3, requests: new Map([['cpu', 1500]]) },
  ports: [
    { protocol: 'TCP', port: 8080, address: '0.0.0.0', pod: 'Pod kube-system/proxy' },
    { protocol: 'TCP', port: 9090, address: '10.0.0.1', pod: 'Pod kube-system/proxy' },
  ],
}

test.for<[rule: string, spec: object, refused: boolean]>([
  ['a port that is free', port(80), false],
  ['a port that is taken', port(8080), true],
  ['another protocol', port(8080, { protocol: 'UDP' }), false],
  ['taken for every address', port(8080, { hostIP: '10.0.0.2' }), true],
  ['taken for another address', port(9090, { hostIP: '10.0.0.2' }), false],
  ['taken for the same address', port(9090, { hostIP: '10.0.0.1' }), true],
  ['every address includes the taken one', port(9090), true],
  ['a container port is none of the node', container({ ports: [{ containerPort: 8080 }] }), false],
  ['with hostNetwork it is', { hostNetwork: true, ...container({ ports: [{ containerPort: 8080 }] }) }, true],
  ['sidecars have ports', { initContainers: [{ restartPolicy: 'Always', ports: [{ hostPort: 8080 }] }] }, true],
  ['init containers have none', { initContainers: [{ ports: [{ hostPort: 8080 }] }] }, false],
])('host ports: %s', ([, spec, refused]) => {
  expect(placementRefusal(pod(spec), node(), TAKEN)?.reason).toBe(refused ? 'NodePorts' : undefined)
})

const requests = (list: object) => container({ resources: { requests: list } })
const SIZED = { ...node(), status: { allocatable: { cpu: '2', memory: '4Gi', pods: '4', 'example.com/gpu': '1' } } }

test.for<[rule: string, spec: object, use: NodeUse | undefined, message: string | undefined]>([
  ['it fits exactly', requests({ cpu: '2', memory: '4Gi' }), undefined, undefined],
  ['too much', requests({ cpu: '2100m' }), undefined, 'Insufficient cpu: the pod requests 2100m, the node has 2'],
  ['bytes', requests({ memory: '4097Mi' }), undefined, 'Insufficient memory: the pod requests 4Gi, the node has 4Gi'],
  [
    'live pods take their part',
    requests({ cpu: '1' }),
    TAKEN,
    'Insufficient cpu: the pod requests 1, less is free beside the pods that run',
  ],
  ['what they leave', requests({ cpu: '500m' }), TAKEN, undefined],
  ['one pod more is the last', {}, TAKEN, undefined],
  ['too many pods', {}, { ...TAKEN, reserved: { pods: 4, requests: new Map() } }, 'Too many pods: the node takes 4'],
  [
    'no request is never too much',
    {},
    { ...TAKEN, reserved: { pods: 0, requests: new Map([['cpu', 9000]]) } },
    undefined,
  ],
  ['a device', requests({ 'example.com/gpu': 1 }), undefined, undefined],
  [
    'a device that the node lacks',
    requests({ 'example.com/fpga': 1 }),
    undefined,
    'Insufficient example.com/fpga: the pod requests 1, the node has 0',
  ],
  ['zero of a device that the node lacks', requests({ 'example.com/fpga': 0 }), undefined, undefined],
])('resources: %s', ([, spec, use, message]) => {
  const refusal = placementRefusal(pod(spec), SIZED as unknown as Node, use)
  expect(refusal?.message).toBe(message)
  expect(refusal?.reason).toBe(message && 'NodeResourcesFit')
})

test('a node that tells nothing of its resources refuses nothing', () => {
  expect(reason(requests({ cpu: '99' }), node())).toBeUndefined()
})

const spread = (whenUnsatisfiable: string, topologyKey: string) => ({
  topologySpreadConstraints: [{ maxSkew: 1, whenUnsatisfiable, topologyKey }],
})
const podAffinity = (kind: string, topologyKey: string) => ({
  affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: {} }] } },
})

test.for<[rule: string, spec: object, refused: string | undefined, undecided: string | undefined]>([
  [
    'spread over a label that the node lacks',
    spread('DoNotSchedule', 'zone'),
    'PodTopologySpread',
    'PodTopologySpread',
  ],
  ['spread over a label that it has', spread('DoNotSchedule', 'disk'), undefined, 'PodTopologySpread'],
  ['soft spread never filters', spread('ScheduleAnyway', 'zone'), undefined, undefined],
  [
    'affinity over a label that the node lacks',
    podAffinity('podAffinity', 'zone'),
    'InterPodAffinity',
    'InterPodAffinity',
  ],
  ['affinity over a label that it has', podAffinity('podAffinity', 'disk'), undefined, 'InterPodAffinity'],
  ['anti-affinity needs no label', podAffinity('podAntiAffinity', 'zone'), undefined, 'InterPodAffinity'],
  ['a bound pod is not asked', { nodeName: 'n1', ...spread('DoNotSchedule', 'zone') }, undefined, undefined],
  ['nothing of the sort', {}, undefined, undefined],
])('what only live pods decide: %s', ([, spec, refused, undecided]) => {
  expect(reason(spec, node())).toBe(refused)
  expect(placementDoubts(pod(spec)).map((doubt) => doubt.reason)).toEqual(undecided ? [undecided] : [])
})

const GVISOR = {
  scheduling: { nodeSelector: { sandbox: 'gvisor' }, tolerations: [{ key: 'gpu', operator: 'Exists' }] },
  overhead: { podFixed: { cpu: '1' } },
}

function podOfClass(spec: object, parts: object) {
  const classValue = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'gvisor' }, ...parts }
  const [resource] = resourcesOf({ value: classValue } as unknown as Document)
  const value = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'w' },
    spec: { ...spec, runtimeClassName: 'gvisor' },
  }
  const [podResource] = resourcesOf({ value } as unknown as Document)
  const runtimeClass = runtimeClassOf(resource!)!
  return schedulablePod(
    admittedPod(workloadOf(podResource!)!, { runtimeClasses: new Map([[runtimeClass.name, runtimeClass]]) }),
  )
}

test.for<[rule: string, spec: object, on: Node, message: string | undefined]>([
  ['its selector is merged in', {}, node(), 'nodeSelector wants sandbox=gvisor, the node has no such label'],
  [
    'a node with both labels',
    { nodeSelector: { disk: 'ssd' } },
    node({ labels: { disk: 'ssd', sandbox: 'gvisor' } }),
    undefined,
  ],
  ['its tolerations are added', {}, node({ labels: { sandbox: 'gvisor' }, taints: [GPU] }), undefined],
  [
    'the same key with another value: rejected',
    { nodeSelector: { sandbox: 'kata' } },
    node({ labels: { sandbox: 'kata' } }),
    'the pod is rejected: RuntimeClass gvisor selects sandbox=gvisor, the pod sandbox=kata',
  ],
  [
    'the same key with the same value',
    { nodeSelector: { sandbox: 'gvisor' } },
    node({ labels: { sandbox: 'gvisor' } }),
    undefined,
  ],
])('RuntimeClass: %s', ([, spec, on, message]) => {
  expect(placementRefusal(podOfClass(spec, GVISOR), on)?.message).toBe(message)
})

test('a RuntimeClass adds its overhead', () => {
  expect(podOfClass(requests({ cpu: '1500m' }), GVISOR).requests.get('cpu')).toBe(2500)
})

test.for<[first: string, spec: object, on: Parameters<typeof node>[0]]>([
  ['NodeUnschedulable', { nodeSelector: { disk: 'hdd' } }, { unschedulable: true, taints: [GPU] }],
  ['TaintToleration', { nodeSelector: { disk: 'hdd' } }, { taints: [GPU] }],
  ['NodeAffinity', { nodeSelector: { disk: 'hdd' }, ...spread('DoNotSchedule', 'zone') }, {}],
  ['PodTopologySpread', { ...podAffinity('podAffinity', 'zone'), ...spread('DoNotSchedule', 'zone') }, {}],
])('the first of several reasons is %s', ([first, spec, on]) => {
  expect(reason(spec, node(on))).toBe(first)
})

test.for<[spec: object, on: Parameters<typeof node>[0], message: string]>([
  [{ nodeSelector: { disk: 'hdd' } }, {}, 'nodeSelector wants disk=hdd, the node has disk=ssd'],
  [{ nodeSelector: { zone: 'a' } }, {}, 'nodeSelector wants zone=a, the node has no such label'],
  [affinity(HDD), {}, 'required node affinity: wants disk In [hdd], the node has disk=ssd'],
  [affinity(HDD, {}), {}, 'required node affinity: none of 2 terms matches'],
  [affinity(BROKEN), {}, 'required node affinity: the term does not parse, so that no node matches: cores Gt [-1]'],
  [{}, { taints: [GPU] }, 'untolerated taint gpu=h200:NoSchedule'],
])('a refusal says what is in the way: %o', ([spec, on, message]) => {
  expect(placementRefusal(pod(spec), node(on))?.message).toBe(message)
})

test.for<[what: string, spec: unknown]>([
  [
    'no lists where lists belong',
    {
      tolerations: 'all',
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: {} } } },
    },
  ],
  ['null entries', { tolerations: [null], nodeSelector: null, affinity: null }],
])('a spec that nobody validated breaks nothing: %s', ([, spec]) => {
  expect(() => placementRefusal(pod(spec as PodSpec), node({ taints: [GPU] }))).not.toThrow()
})
