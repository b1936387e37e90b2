import type { PodSpec, Taint } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { type AdmissionFacts, admittedPod } from '../../src/kubernetes/admission/admitted-pod.ts'
import { limitRangeOf } from '../../src/kubernetes/admission/limit-range.ts'
import type { Document } from '../../src/kubernetes/documents/document.ts'
import { priorityClassOf } from '../../src/kubernetes/objects/priority-class.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { runtimeClassOf } from '../../src/kubernetes/objects/runtime-class.ts'
import { workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { schedulablePod } from '../../src/kubernetes/scheduler/schedulable-pod.ts'
import { untoleratedTaint } from '../../src/kubernetes/scheduler/taint.ts'

const objectOf = (value: object) => resourcesOf({ value } as unknown as Document)[0]!

function admit(spec: object, facts: AdmissionFacts = {}, metadata: object = {}) {
  const own = { containers: [{ name: 'c', image: 'web:1' }], ...spec }
  const value = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop', ...metadata }, spec: own }
  return admittedPod(workloadOf(objectOf(value))!, facts)
}

const notReady = (effect = 'NoExecute'): Taint => ({ key: 'node.kubernetes.io/not-ready', effect })

test.for<[rule: string, tolerations: object[], tolerated: boolean]>([
  ['none of its own: one is added', [], true],
  ['one for another key', [{ key: 'gpu', operator: 'Exists' }], true],
  [
    'one for the key with another value',
    [{ key: 'node.kubernetes.io/not-ready', value: 'x', effect: 'NoExecute' }],
    false,
  ],
  [
    'one for the key and every effect, with another value',
    [{ key: 'node.kubernetes.io/not-ready', value: 'x' }],
    false,
  ],
  [
    'one for the key and another effect',
    [{ key: 'node.kubernetes.io/not-ready', value: 'x', effect: 'NoSchedule' }],
    true,
  ],
  ['one for every key', [{ operator: 'Exists' }], true],
  ['one for every key and another effect', [{ operator: 'Exists', effect: 'NoSchedule' }], true],
])('default tolerations of not-ready: %s', ([, tolerations, tolerated]) => {
  const { spec } = admit({ tolerations })
  expect(untoleratedTaint([notReady()], spec.tolerations, ['NoExecute']) === undefined).toBe(tolerated)
})

const appArmor = (type: string) => ({ securityContext: { appArmorProfile: { type } } })
const requests = (cpu: string) => ({ requests: { cpu } })
const limits = (cpu: string) => ({ limits: { cpu } })
const container = (resources: object, name = 'c') => ({ name, image: 'web:1', resources })

test.for<[rule: string, spec: object, cpu: number | undefined]>([
  ['a limit is the request', { containers: [container(limits('2'))] }, 2000],
  ['a request wins over a limit', { containers: [container({ ...limits('2'), ...requests('1') })] }, 1000],
  [
    "the pod's limit gives way to the containers' requests",
    { containers: [container(requests('1'))], resources: limits('8') },
    1000,
  ],
  ["the pod's limit, where no container requests", { resources: limits('8') }, 8000],
  ["the pod's request wins", { containers: [container(requests('1'))], resources: requests('3') }, 3000],
  [
    "a container's limit counts before the pod's",
    { containers: [container(limits('2'))], resources: limits('8') },
    2000,
  ],
  [
    'init containers count as they do for the scheduler',
    { containers: [container(requests('1'))], initContainers: [container(requests('4'), 'i')], resources: limits('8') },
    4000,
  ],
])('requests: %s', ([, spec, cpu]) => {
  expect(schedulablePod(admit(spec)).requests.get('cpu')).toBe(cpu)
})

test('of huge pages the limit of the pod counts', () => {
  const pod = admit({ resources: { limits: { 'hugepages-2Mi': '8Mi' } } })
  expect(schedulablePod(pod).requests.get('hugepages-2Mi')).toBe(8 * 2 ** 20 * 1000)
})

const limitRange = (limit: object, namespace = 'shop') =>
  limitRangeOf(
    objectOf({ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'lr', namespace }, spec: { limits: [limit] } }),
  )!

test.for<[rule: string, limit: object, spec: object, cpu: number | undefined, rejection: string | undefined]>([
  ['the default request', { type: 'Container', defaultRequest: { cpu: '2' } }, {}, 2000, undefined],
  [
    'a request of its own stays',
    { type: 'Container', defaultRequest: { cpu: '2' } },
    { containers: [container(requests('1'))] },
    1000,
    undefined,
  ],
  ['the default limit is the default request too', { type: 'Container', default: { cpu: '3' } }, {}, 3000, undefined],
  ['so is the maximum', { type: 'Container', max: { cpu: '4' } }, {}, 4000, undefined],
  ['and the minimum', { type: 'Container', min: { cpu: '500m' } }, {}, 500, undefined],
  [
    'more than allowed',
    { type: 'Container', max: { cpu: '1' } },
    { containers: [container(requests('2'))] },
    2000,
    'LimitRange lr: container c has more cpu than allowed',
  ],
  [
    'less than the minimum',
    { type: 'Container', min: { cpu: '1' } },
    { containers: [container(requests('500m'))] },
    500,
    'LimitRange lr: container c requests less cpu than its minimum',
  ],
  [
    'a limit too far above its request',
    { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
    { containers: [container({ ...requests('1'), ...limits('3') })] },
    1000,
    'LimitRange lr: container c has a limit of cpu too far above its request',
  ],
  [
    'the pod as a whole',
    { type: 'Pod', max: { cpu: '3' } },
    { containers: [container(limits('2')), container(limits('2'), 'd')] },
    4000,
    'LimitRange lr: the pod has more cpu than allowed',
  ],
  ['claims are no pods', { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }, {}, undefined, undefined],
])('LimitRange: %s', ([, limit, spec, cpu, rejection]) => {
  const pod = admit(spec, {
    limitRanges: [limitRange(limit), limitRange({ type: 'Container', default: { cpu: '9' } }, 'other')],
  })
  expect(schedulablePod(pod).requests.get('cpu')).toBe(cpu)
  expect(pod.rejection).toBe(rejection)
})

const gvisor = runtimeClassOf(
  objectOf({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'gvisor' },
    overhead: { podFixed: { cpu: '1' } },
  }),
)!
const high = priorityClassOf(
  objectOf({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'high' },
    value: 7,
    preemptionPolicy: 'Never',
  }),
)!
const FACTS: AdmissionFacts = { runtimeClasses: new Map([['gvisor', gvisor]]), priorityClasses: [high] }
const COMPLETE = { ...FACTS, completeKinds: new Set(['RuntimeClass', 'PriorityClass']) }

test.for<[rule: string, spec: Partial<PodSpec>, facts: AdmissionFacts, rejection: string | undefined, doubts: number]>([
  ['nothing of the sort', {}, FACTS, undefined, 0],
  ['a known RuntimeClass', { runtimeClassName: 'gvisor' }, FACTS, undefined, 0],
  ['a RuntimeClass that nobody told of', { runtimeClassName: 'kata' }, FACTS, undefined, 1],
  ['a RuntimeClass that is not there', { runtimeClassName: 'kata' }, COMPLETE, 'there is no RuntimeClass kata', 0],
  ['a known PriorityClass', { priorityClassName: 'high' }, FACTS, undefined, 0],
  ['a PriorityClass that every cluster has', { priorityClassName: 'system-node-critical' }, COMPLETE, undefined, 0],
  ['the priority of its class', { priorityClassName: 'high', priority: 7 }, FACTS, undefined, 0],
  [
    'another priority than its class',
    { priorityClassName: 'high', priority: 8 },
    FACTS,
    'priority is 8, and that of its PriorityClass 7',
    0,
  ],
  [
    'another policy than its class',
    { priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' },
    FACTS,
    'preemptionPolicy is PreemptLowerPriority, and that of its PriorityClass Never',
    0,
  ],
  ['a priority without a class', { priority: 8 }, FACTS, undefined, 1],
  [
    'a priority where no class is the default',
    { priority: 8 },
    COMPLETE,
    'priority is 8, and that of its PriorityClass 0',
    0,
  ],
  [
    'the priority that every pod has',
    { priority: 0, preemptionPolicy: 'PreemptLowerPriority' },
    COMPLETE,
    undefined,
    0,
  ],
  ['a PriorityClass that nobody told of', { priorityClassName: 'low' }, FACTS, undefined, 1],
  ['a PriorityClass that is not there', { priorityClassName: 'low' }, COMPLETE, 'there is no PriorityClass low', 0],
  ['overhead without a RuntimeClass', { overhead: { cpu: '1' } }, FACTS, 'it sets overhead without a RuntimeClass', 0],
  ['the overhead of its class', { runtimeClassName: 'gvisor', overhead: { cpu: '1000m' } }, FACTS, undefined, 0],
  [
    'another overhead',
    { runtimeClassName: 'gvisor', overhead: { cpu: '2' } },
    FACTS,
    'its overhead is not that of RuntimeClass gvisor',
    0,
  ],
])('classes: %s', ([, spec, facts, rejection, doubts]) => {
  const pod = admit(spec, facts)
  expect([pod.rejection, pod.doubts.length]).toEqual([rejection, doubts])
})

test('whether a pod preempts is told by its class, or by itself', () => {
  expect(admit({ priorityClassName: 'high' }, FACTS)).toMatchObject({ priority: 7, preempts: false })
  expect(admit({ preemptionPolicy: 'Never' })).toMatchObject({ priority: 0, preempts: false })
  expect(admit({})).toMatchObject({ priority: 0, preempts: true })
})

test('what a cluster has stored meets no admission again', () => {
  const stored = admit({ runtimeClassName: 'kata', overhead: { cpu: '1' } }, COMPLETE, { uid: 'x' })
  expect(stored).toMatchObject({ doubts: [], spec: { overhead: { cpu: '1' } } })
  expect(stored.rejection).toBeUndefined()
  expect(stored.spec.tolerations).toBeUndefined()
})

const apparmor = (name: string) => `container.apparmor.security.beta.kubernetes.io/${name}`
test.for<[what: string, spec: object, value: string, stored: object | undefined]>([
  ['of the node', {}, 'localhost/web', { type: 'Localhost', localhostProfile: 'web' }],
  ['of the runtime', {}, 'runtime/default', { type: 'RuntimeDefault' }],
  ['of none', {}, 'unconfined', { type: 'Unconfined' }],
  ['of none where the pod has one', appArmor('RuntimeDefault'), 'unconfined', { type: 'Unconfined' }],
  ['beside the own one', { containers: [{ name: 'c', ...appArmor('Unconfined') }] }, 'runtime/default', undefined],
  ['for Windows', { os: { name: 'windows' } }, 'runtime/default', undefined],
])('an AppArmor annotation becomes the profile of its container: %s', ([, spec, value, stored]) => {
  const admitted = admit(spec, {}, { annotations: { [apparmor('c')]: value } }).spec.containers[0]
  const own = (spec as PodSpec).containers?.[0]?.securityContext
  expect(admitted?.securityContext).toEqual(stored ? { appArmorProfile: stored } : own)
})
