import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import type { Document } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import type { Workload } from '../../src/kubernetes/objects/workload.ts'
import { STORAGE_KINDS, storageFacts } from '../../src/kubernetes/storage/storage-facts.ts'
import { node, workload } from '../support/cluster.ts'

const DRIVER = 'ebs.csi.aws.com'
const ALL = new Set(STORAGE_KINDS)
const NONE = new Set<string>()

const csiNode = (name: string, drivers: Record<string, number | undefined>) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: { name },
  spec: {
    drivers: Object.entries(drivers).map(([driver, count]) => ({
      name: driver,
      nodeID: name,
      ...(count !== undefined && { allocatable: { count } }),
    })),
  },
})
const takes = (count: number | undefined, name = 'a') => csiNode(name, { [DRIVER]: count })

const claim = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { volumeName: `pv-${name}`, ...spec },
  status: { phase: 'Bound' },
})
const volume = (name: string, source: object = { csi: { driver: DRIVER, volumeHandle: `vol-${name}` } }) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: `pv-${name}` },
  spec: source,
})
const bound = (name: string, source?: object) => [claim(name), volume(name, source)]
const unbound = (name: string) => claim(name, { volumeName: undefined, storageClassName: 'fast' })
const fast = (provisioner: string) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'fast' },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
})
const OF_FAST = {
  storageClassName: 'fast',
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
}
const attachment = (name: string, on = 'a', attacher = DRIVER) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttachment',
  metadata: { name: `csi-${name}` },
  spec: { attacher, nodeName: on, source: { persistentVolumeName: `pv-${name}` } },
})

const claims = (...names: string[]) =>
  names.map((name, index) => ({ name: `v${index}`, persistentVolumeClaim: { claimName: name } }))
const running = (name: string, volumes: object[], spec: object = {}, status: object = {}) =>
  ({
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'a', containers: [], volumes, ...spec },
    status,
  }) as unknown as Pod

interface Case {
  readonly items: object[]
  readonly volumes: object[]
  readonly pods?: Pod[]
  readonly complete?: ReadonlySet<string>
  readonly spec?: object
  readonly kind?: string
  readonly more?: Conditions
}

const factsOf = (items: readonly object[]) =>
  storageFacts(resourcesOf({ value: { apiVersion: 'v1', kind: 'List', items } } as unknown as Document))

function judge({ items, volumes, pods, complete = ALL, spec, kind, more }: Case, names = ['a']) {
  const nodes = names.map((name) => node(name, { images: ['docker.io/library/web:1'] }))
  const asking = workload({ spec: { volumes, ...spec }, ...(kind !== undefined && { kind }) })
  const { workloads } = auditCluster([asking], nodes, {
    ...more,
    storage: factsOf(items),
    completeKinds: complete,
    ...(pods && { livePods: pods }),
  })
  return workloads[0]?.nodes.map(({ starts, reason }) => (starts ? 'starts' : `${String(starts)} ${reason}`))
}

const LIMITS = 'false NodeVolumeLimits'
const UNKNOWN = 'null NodeVolumeLimits'
const two = [...bound('one'), ...bound('two')]
const elsewhere = { hostPath: { path: '/x' } }

test.for<[rule: string, expected: string, given: Case]>([
  ['as many as the node takes', 'starts', { items: [takes(2), ...two], volumes: claims('one', 'two') }],
  ['more than the node takes', LIMITS, { items: [takes(1), ...two], volumes: claims('one', 'two') }],
  ['a node that takes none', LIMITS, { items: [takes(0), ...bound('one')], volumes: claims('one') }],
  ['a driver that tells no limit', 'starts', { items: [takes(undefined), ...two], volumes: claims('one', 'two') }],
  ['one claim twice', 'starts', { items: [takes(1), ...two], volumes: claims('one', 'one') }],
  [
    'two claims of one volume',
    'starts',
    {
      items: [
        takes(1),
        ...bound('one', { csi: { driver: DRIVER, volumeHandle: 'x' } }),
        ...bound('two', { csi: { driver: DRIVER, volumeHandle: 'x' } }),
      ],
      volumes: claims('one', 'two'),
    },
  ],
  [
    'two drivers count apart',
    'starts',
    {
      items: [
        csiNode('a', { [DRIVER]: 1, other: 1 }),
        ...bound('one'),
        ...bound('two', { csi: { driver: 'other', volumeHandle: 'x' } }),
      ],
      volumes: claims('one', 'two'),
    },
  ],
  ['a volume of no driver', 'starts', { items: [takes(0), ...bound('one', elsewhere)], volumes: claims('one') }],
  [
    'volumes of pods that are there',
    LIMITS,
    { items: [takes(1), ...two], volumes: claims('one'), pods: [running('p', claims('two'))] },
  ],
  [
    'the volume of a pod that is there',
    'starts',
    { items: [takes(1), ...two], volumes: claims('one'), pods: [running('p', claims('one'))] },
  ],
  [
    'pods that have ended',
    'starts',
    { items: [takes(1), ...two], volumes: claims('one'), pods: [running('p', claims('two'), {}, { phase: 'Failed' })] },
  ],
  [
    'pods of another node',
    'starts',
    { items: [takes(1), ...two], volumes: claims('one'), pods: [running('p', claims('two'), { nodeName: 'b' })] },
  ],
  [
    'pods of lower priority may go',
    'null NodeVolumeLimits',
    {
      items: [takes(1), ...two],
      volumes: claims('one'),
      pods: [running('p', claims('two'), { priority: -1 })],
    },
  ],
  [
    'what is attached stays when they go',
    LIMITS,
    {
      items: [takes(1), ...two, attachment('two')],
      volumes: claims('one'),
      pods: [running('p', claims('two'), { priority: -1 })],
    },
  ],
  ['what is attached already', LIMITS, { items: [takes(1), ...two, attachment('two')], volumes: claims('one') }],
  ['attached elsewhere', 'starts', { items: [takes(1), ...two, attachment('two', 'b')], volumes: claims('one') }],
  ['attached by another', 'starts', { items: [takes(1), ...two, attachment('two', 'a', 'x')], volumes: claims('one') }],
  [
    'attached for a pod that is there counts once',
    'starts',
    {
      items: [takes(2), ...two, attachment('two')],
      volumes: claims('one'),
      pods: [running('p', claims('two'))],
    },
  ],
  [
    'claims without a volume count for their class',
    LIMITS,
    { items: [takes(1), fast(DRIVER), unbound('one'), unbound('two')], volumes: claims('one', 'two') },
  ],
  [
    'ephemeral volumes',
    LIMITS,
    {
      items: [takes(1), fast(DRIVER), ...bound('one')],
      volumes: [...claims('one'), { name: 'e', ephemeral: { volumeClaimTemplate: { spec: OF_FAST } } }],
    },
  ],
  [
    'ephemeral volumes of pods that are there',
    LIMITS,
    {
      items: [takes(1), ...bound('one'), ...bound('p-e')],
      volumes: claims('one'),
      pods: [running('p', [{ name: 'e', ephemeral: {} }])],
    },
  ],
  [
    'volumes of Kubernetes that a driver has taken over',
    LIMITS,
    {
      items: [takes(1), ...bound('one', { awsElasticBlockStore: { volumeID: 'aws://eu-1a/vol-1' } }), ...bound('two')],
      volumes: claims('one', 'two'),
    },
  ],
  [
    'the same volume under both names',
    'starts',
    {
      items: [
        takes(1),
        ...bound('one', { awsElasticBlockStore: { volumeID: 'aws://eu-1a/vol-1' } }),
        ...bound('two', { csi: { driver: DRIVER, volumeHandle: 'vol-1' } }),
      ],
      volumes: claims('one', 'two'),
    },
  ],
  [
    'a class of Kubernetes that a driver has taken over',
    LIMITS,
    { items: [takes(0), fast('kubernetes.io/aws-ebs'), unbound('one')], volumes: claims('one') },
  ],
  [
    'a volume without a claim that a driver has taken over',
    LIMITS,
    { items: [takes(0)], volumes: [{ name: 'v', awsElasticBlockStore: { volumeID: 'vol-1' } }] },
  ],
  [
    'a driver that does not run on the node',
    UNKNOWN,
    { items: [csiNode('a', {}), ...bound('one')], volumes: claims('one') },
  ],
  ['a node without drivers', UNKNOWN, { items: [...bound('one')], volumes: claims('one') }],
  [
    'a provisioner that is no driver',
    'starts',
    { items: [csiNode('a', {}), fast('rancher.io/local-path'), unbound('one')], volumes: claims('one') },
  ],
  [
    'a driver that is called otherwise',
    UNKNOWN,
    { items: [csiNode('a', {}), fast('driver.longhorn.io'), unbound('one')], volumes: claims('one') },
  ],
  [
    'a driver of other nodes',
    UNKNOWN,
    {
      items: [csiNode('a', {}), takes(undefined, 'b'), fast(DRIVER), unbound('one')],
      volumes: claims('one'),
    },
  ],
  ['nobody told of drivers', 'starts', { items: two, volumes: claims('one', 'two'), complete: NONE }],
  [
    'drivers of other nodes alone, which take it',
    'starts',
    { items: [takes(2, 'b'), ...two], volumes: claims('one', 'two'), complete: NONE },
  ],
  [
    'drivers of other nodes alone, which do not take it',
    UNKNOWN,
    { items: [takes(1, 'b'), ...two], volumes: claims('one', 'two'), complete: NONE },
  ],
  [
    'pods that are there with claims that nobody told of',
    UNKNOWN,
    { items: [takes(1), ...two], volumes: claims('one'), pods: [running('p', claims('x'))], complete: NONE },
  ],
  [
    'pods that are there with claims that do not exist',
    'starts',
    { items: [takes(1), ...two], volumes: claims('one'), pods: [running('p', claims('x'))] },
  ],
  [
    'room for what nobody told of',
    'starts',
    { items: [takes(2), ...two], volumes: claims('one'), pods: [running('p', claims('x'))], complete: NONE },
  ],
  [
    'attached, of which nobody told',
    UNKNOWN,
    { items: [takes(1), ...bound('one'), attachment('two')], volumes: claims('one'), complete: NONE },
  ],
  [
    'one volume of which nobody told, attached for a pod that is there',
    'starts',
    {
      items: [takes(2), ...bound('one'), claim('two'), attachment('two')],
      volumes: claims('one'),
      pods: [running('p', claims('two'))],
      complete: NONE,
    },
  ],
  [
    'a pod that no scheduler places',
    UNKNOWN,
    { items: [takes(1), ...two], volumes: claims('one', 'two'), spec: { nodeName: 'a' } },
  ],
  [
    'a DaemonSet, whose pod waits on its node',
    LIMITS,
    { items: [takes(1), ...two], volumes: claims('one', 'two'), kind: 'DaemonSet' },
  ],
])('volumes of drivers: %s', ([, expected, given]) => {
  expect(judge(given)).toEqual([expected])
})

const RWO = { accessModes: ['ReadWriteOnce'] }
const once = (source: object) => [claim('one', RWO), volume('one', { ...source, ...RWO })]
const disk = { csi: { driver: 'd.example.com', volumeHandle: 'h' } }
const shared = { ...disk, accessModes: ['ReadWriteMany'] }
const ofClass = (provisioner: string) => [
  claim('one', { ...RWO, volumeName: undefined, storageClassName: 'fast' }),
  fast(provisioner),
]
const driver = (attachRequired: boolean) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: { name: 'd.example.com' },
  spec: { attachRequired },
})
const here = { nodeSelector: { 'kubernetes.io/hostname': 'a' } }

test.for<
  [what: string, expected: 'safe' | 'unknown', items: object[], parts: Parameters<typeof workload>[0], pods?: Pod[]]
>([
  ['one pod', 'safe', once(disk), { replicas: 1 }],
  ['two pods', 'unknown', once(disk), { replicas: 2 }],
  ['two pods on one node', 'safe', once(disk), { replicas: 2, spec: here }],
  ['a pod on each node', 'unknown', once(disk), { kind: 'DaemonSet' }],
  ['two pods, of a volume for many', 'safe', [claim('one', RWO), volume('one', shared)], { replicas: 2 }],
  ['two pods, of a driver that attaches nothing', 'safe', [...once(disk), driver(false)], { replicas: 2 }],
  ['two pods, of a driver that attaches', 'unknown', [...once(disk), driver(true)], { replicas: 2 }],
  ['two pods, of a block device', 'unknown', once({ iscsi: { iqn: 'i', lun: 0, targetPortal: 'x' } }), { replicas: 2 }],
  ['two pods, of a share', 'safe', once({ nfs: { server: 's', path: '/' } }), { replicas: 2 }],
  ['two pods, of a volume to come', 'unknown', ofClass('d.example.com'), { replicas: 2 }],
  ['two pods, of a directory to come', 'safe', ofClass('rancher.io/local-path'), { replicas: 2 }],
  ['one pod beside a live one', 'unknown', once(disk), { replicas: 1 }, [running('other', claims('one'))]],
  [
    'one pod beside one that has ended',
    'safe',
    once(disk),
    { replicas: 1 },
    [running('x', claims('one'), {}, { phase: 'Failed' })],
  ],
])('a volume that attaches to one node at a time, and %s: %s', ([, expected, items, parts = {}, livePods]) => {
  const nodes = ['a', 'b'].map((name) => node(name, { images: ['docker.io/library/web:1'] }))
  const containers = [{ name: 'c', image: 'web:1', volumeMounts: [{ name: 'v0', mountPath: '/v' }] }]
  const asking = workload({ ...parts, spec: { containers, volumes: claims('one'), ...parts.spec } })
  const conditions = { storage: factsOf(items), completeKinds: NONE, ...(livePods && { livePods }) }
  expect(auditCluster([asking], nodes, conditions).workloads[0]?.verdict).toBe(expected)
})

test('nodes differ by what their drivers attach, and each is judged by its own', () => {
  const items = [takes(1, 'a'), takes(2, 'b'), takes(1, 'c'), csiNode('d', {}), ...two]
  expect(judge({ items, volumes: claims('one', 'two') }, ['a', 'b', 'c', 'd'])).toEqual([LIMITS, 'starts', UNKNOWN])
})

const stateful = (name: string, replicas: number) => {
  const template = { metadata: { name: 'data' }, spec: OF_FAST }
  const one = workload({ kind: 'StatefulSet', name, replicas })
  const { value } = one.resource
  const spec = { ...(value.spec as object), volumeClaimTemplates: [template] }
  return { ...one, resource: { ...one.resource, value: { ...value, spec } } }
}
const onePerPod = { name: 'e', ephemeral: { volumeClaimTemplate: { spec: OF_FAST } } }

test.for<[rule: string, expected: string[], limit: number | undefined, asking: Workload[], pods?: Pod[]]>([
  ['none has room', ['impossible'], 0, [stateful('db', 1)]],
  ['one of two has room', ['atRisk'], 1, [stateful('db', 2)]],
  ['both have room', ['safe'], 2, [stateful('db', 2)]],
  ['no limit', ['safe'], undefined, [stateful('db', 9)]],
  ['two workloads have no room together', ['atRisk', 'atRisk'], 3, [stateful('db', 2), stateful('mq', 2)]],
  ['beside one that has no volumes', ['safe', 'safe'], 2, [stateful('db', 2), workload({ replicas: 5 })]],
  ['ephemeral volumes', ['atRisk'], 1, [workload({ replicas: 2, spec: { volumes: [onePerPod] } })]],
  ['a claim that all share', ['safe'], 1, [workload({ replicas: 3, spec: { volumes: claims('one') } })]],
  ['beside a pod that is there', ['atRisk'], 2, [stateful('db', 2)], [running('p', claims('one'))]],
])('volumes that each pod has for itself: %s', ([, expected, limit, asking, pods]) => {
  const items = [takes(limit), fast(DRIVER), ...bound('one')]
  const nodes = [node('a', { images: ['docker.io/library/web:1'] })]
  const livePods = pods && { livePods: pods }
  const { workloads } = auditCluster(asking, nodes, { storage: factsOf(items), completeKinds: ALL, ...livePods })
  expect(workloads.map(({ verdict }) => verdict)).toEqual(expected)
})

const told = (given: Case) => {
  const asking = workload({ spec: { volumes: given.volumes, ...given.spec } })
  const conditions = { ...given.more, storage: factsOf(given.items), completeKinds: given.complete ?? NONE }
  const { workloads, findings } = auditCluster(
    [asking],
    [node('a', { images: ['docker.io/library/web:1'] })],
    conditions,
  )
  return [workloads[0]?.verdict, findings.some(({ code }) => code === 'CSI_DRIVER_UNKNOWN')]
}
test.for<[rule: string, verdict: string, isTold: boolean, given: Case]>([
  ['no CSINode', 'safe', true, { items: [fast(DRIVER), unbound('one')], volumes: claims('one') }],
  ['no CSINode, and a volume', 'safe', true, { items: bound('one'), volumes: claims('one') }],
  [
    'no CSINode, and another name',
    'safe',
    true,
    { items: [fast('topolvm.io'), unbound('one')], volumes: claims('one') },
  ],
  [
    'a provisioner that is none',
    'safe',
    false,
    { items: [fast('rancher.io/local-path'), unbound('one')], volumes: claims('one') },
  ],
  [
    'a CSINode without it',
    'unknown',
    false,
    { items: [csiNode('a', {}), fast(DRIVER), unbound('one')], volumes: claims('one') },
  ],
  ['a CSINode with it', 'safe', false, { items: [takes(9), fast(DRIVER), unbound('one')], volumes: claims('one') }],
])('where a CSI driver runs: %s', ([, verdict, isTold, given]) => {
  expect(told(given)).toEqual([verdict, isTold])
})
