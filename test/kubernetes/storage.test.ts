import { expect, test } from 'vitest'
import { type LimitRange, limitRangeOf } from '../../src/kubernetes/admission/limit-range.ts'
import type { Document } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { volumeMismatch } from '../../src/kubernetes/scheduler/volume-fit.ts'
import { type ClaimState, claimState } from '../../src/kubernetes/storage/claim-state.ts'
import { podClaims } from '../../src/kubernetes/storage/pod-claims.ts'
import { STORAGE_KINDS, storageFacts } from '../../src/kubernetes/storage/storage-facts.ts'
import { node, workload } from '../support/cluster.ts'

const factsOf = (...items: object[]) =>
  storageFacts(resourcesOf({ value: { apiVersion: 'v1', kind: 'List', items } } as unknown as Document))

const claim = (spec: object, parts: { name?: string; status?: object; metadata?: object } = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: parts.name ?? 'data', namespace: 'shop', ...parts.metadata },
  spec,
  status: parts.status,
})
const volume = (parts: { values?: string[]; labels?: object; name?: string }) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: parts.name ?? 'pv', labels: parts.labels },
  spec: parts.values && {
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: parts.values }] }] },
    },
  },
})
const owned = (claimRef: object) => ({ ...volume({}), spec: { claimRef } })
const sized = (storage: string) => ({ ...volume({}), spec: { capacity: { storage } } })
const storageClass = (volumeBindingMode: string, parts: object = {}) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'fast' },
  provisioner: 'csi.example.com',
  volumeBindingMode,
  ...parts,
})
const later = storageClass('WaitForFirstConsumer')
const topology = { allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a'] }] }] }
const ALL = new Set(STORAGE_KINDS)

/** On a node in zone a: `placed` there, refused by a filter, or unknown. */
function answer(state: ClaimState): string {
  if (state.is !== 'placed') return state.is === 'refused' ? state.filter : state.is
  const on = node('n1', { labels: { zone: 'a', 'topology.kubernetes.io/zone': 'z1' } })
  return volumeMismatch([[state]], on)?.reason ?? 'placed'
}

test.for<[rule: string, items: object[], kinds: Set<string>, expected: string]>([
  ['nobody told of it', [], new Set(), 'unknown'],
  ['it is not there', [], ALL, 'VolumeRestrictions'],
  ['its volume is for this node', [claim({ volumeName: 'pv' }), volume({ values: ['a'] })], ALL, 'placed'],
  ['its volume is for another node', [claim({ volumeName: 'pv' }), volume({ values: ['b'] })], ALL, 'VolumeBinding'],
  ['its volume is for any node', [claim({ volumeName: 'pv' }), volume({})], ALL, 'placed'],
  [
    'its volume is in this zone',
    [claim({ volumeName: 'pv' }), volume({ labels: { 'topology.kubernetes.io/zone': 'z1' } })],
    ALL,
    'placed',
  ],
  [
    'its volume is in two zones',
    [claim({ volumeName: 'pv' }), volume({ labels: { 'topology.kubernetes.io/zone': 'z0__z1' } })],
    ALL,
    'placed',
  ],
  [
    'its volume is in another zone',
    [claim({ volumeName: 'pv' }), volume({ labels: { 'topology.kubernetes.io/zone': 'z2' } })],
    ALL,
    'VolumeZone',
  ],
  [
    'the older label of a zone',
    [claim({ volumeName: 'pv' }), volume({ labels: { 'failure-domain.beta.kubernetes.io/zone': 'z2' } })],
    ALL,
    'VolumeZone',
  ],
  [
    'its volume is that of it',
    [claim({ volumeName: 'pv' }), owned({ name: 'data', namespace: 'shop' })],
    ALL,
    'placed',
  ],
  [
    'its volume is that of another claim',
    [claim({ volumeName: 'pv' }), owned({ name: 'data', namespace: 'bank' })],
    ALL,
    'VolumeBinding',
  ],
  [
    'its volume was let go',
    [claim({ volumeName: 'pv' }), { ...volume({}), status: { phase: 'Released' } }],
    ALL,
    'unknown',
  ],
  [
    'its volume is of another class',
    [claim({ volumeName: 'pv', storageClassName: 'fast' }), volume({})],
    ALL,
    'unknown',
  ],
  [
    'its volume is of another class, and was given to it',
    [claim({ volumeName: 'pv', storageClassName: 'fast' }, { status: { phase: 'Bound' } }), volume({})],
    ALL,
    'placed',
  ],
  [
    'its volume is too small',
    [claim({ volumeName: 'pv', resources: { requests: { storage: '2Gi' } } }), sized('1Gi')],
    ALL,
    'unknown',
  ],
  [
    'its volume is large',
    [claim({ volumeName: 'pv', resources: { requests: { storage: '2Gi' } } }), sized('3Gi')],
    ALL,
    'placed',
  ],
  [
    'its volume is for one node',
    [claim({ volumeName: 'pv', accessModes: ['ReadWriteMany'] }), volume({})],
    ALL,
    'unknown',
  ],
  ['nobody told of its volume', [claim({ volumeName: 'pv' })], new Set(), 'unknown'],
  ['its volume is not there', [claim({ volumeName: 'pv' })], ALL, 'VolumeBinding'],
  ['it has lost its volume', [claim({ volumeName: 'pv' }, { status: { phase: 'Lost' } })], ALL, 'VolumeBinding'],
  [
    'it is being deleted',
    [claim({ volumeName: 'pv' }, { metadata: { deletionTimestamp: 'x' } }), volume({})],
    ALL,
    'VolumeBinding',
  ],
  [
    'it is for one pod at a time',
    [claim({ volumeName: 'pv', accessModes: ['ReadWriteOncePod'] }), volume({})],
    ALL,
    'unknown',
  ],
  ['no volume yet, made where the pod lands', [claim({ storageClassName: 'fast' }), later], ALL, 'placed'],
  ['no volume yet, made in this zone', [claim({ storageClassName: 'fast' }), { ...later, ...topology }], ALL, 'placed'],
  [
    'no volume yet, made in another zone',
    [
      claim({ storageClassName: 'fast' }),
      { ...later, allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['b'] }] }] },
    ],
    ALL,
    'VolumeBinding',
  ],
  [
    'no volume yet, made before a node is chosen',
    [claim({ storageClassName: 'fast' }), storageClass('Immediate')],
    ALL,
    'unknown',
  ],
  [
    'no volume yet, and nobody makes one',
    [
      claim({ storageClassName: 'fast' }),
      storageClass('WaitForFirstConsumer', { provisioner: 'kubernetes.io/no-provisioner' }),
    ],
    ALL,
    'unknown',
  ],
  ['no volume yet, of a class that nobody told of', [claim({ storageClassName: 'slow' }), later], ALL, 'unknown'],
  [
    'no volume yet, of the default class',
    [
      claim({}),
      { ...later, metadata: { name: 'd', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } },
    ],
    ALL,
    'placed',
  ],
  ['no volume yet, and no class', [claim({ storageClassName: '' }), later], ALL, 'unknown'],
])('a claim: %s', ([, items, kinds, expected]) => {
  expect(answer(claimState('shop', 'data', factsOf(...items), kinds))).toBe(expected)
})

const stateful = (replicas: number, spec: object = {}) => {
  const one = workload({ kind: 'StatefulSet', name: 'db', replicas })
  const value = {
    spec: { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName: 'fast' } }], ...spec },
  }
  return { ...one, resource: { ...one.resource, namespace: 'shop', value } }
}

test('each pod of a StatefulSet has claims of its own, and a node is good for the set that one of them is for', () => {
  const facts = factsOf(
    claim({ volumeName: 'pv-a' }, { name: 'data-db-0' }),
    claim({ volumeName: 'pv-b' }, { name: 'data-db-1' }),
    volume({ name: 'pv-a', values: ['a'] }),
    volume({ name: 'pv-b', values: ['b'] }),
  )
  const sets = podClaims(stateful(2), facts, ALL)
  const inZone = (zone: string) => volumeMismatch(sets, node('n', { labels: { zone } }))?.reason
  expect(['a', 'b', 'c'].map(inZone)).toEqual([undefined, undefined, 'VolumeBinding'])
})

test('claims that a StatefulSet is yet to make depend on their class', () => {
  const states = (...items: object[]) =>
    podClaims(stateful(1), factsOf(...items), ALL)
      .flat()
      .map((state) => state.is)
  expect(states()).toEqual(['unknown'])
  expect(states(later)).toEqual(['placed'])
  const [set] = podClaims(stateful(1, { ordinals: { start: 7 } }), factsOf(), ALL)
  expect(set?.map((state) => state.claim)).toEqual(['shop/data-db-7'])
})

const block = { volumeMode: 'Block' }
const usedAs = (use: object) => {
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]
  return workload({ spec: { containers: [{ name: 'c', image: 'web:1', ...use }], volumes } })
}
const asFiles = { volumeMounts: [{ name: 'v', mountPath: '/v' }] }
const asDevice = { volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }

test.for<[what: string, spec: object, use: object, isMisused: boolean]>([
  ['files mounted', {}, asFiles, false],
  ['files taken for a device', {}, asDevice, true],
  ['blocks mounted', block, asFiles, true],
  ['a device of blocks', block, asDevice, false],
  ['blocks that nobody uses', block, {}, false],
])('the mode of a volume: %s', ([, spec, use, isMisused]) => {
  const one = usedAs(use)
  const resource = { ...one.resource, namespace: 'shop' }
  const [[state] = []] = podClaims({ ...one, resource }, factsOf(claim({ volumeName: 'pv', ...spec }), volume({})), ALL)
  expect(state?.is).toBe(isMisused ? 'refused' : 'placed')
})

const limited = (limit: object, namespace = 'shop') => {
  const metadata = { name: 'small', namespace }
  const value = { apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits: [limit] } }
  return resourcesOf({ value } as unknown as Document).flatMap((one) => limitRangeOf(one) ?? [])
}
const ofClaims = (limit: object) => ({ type: 'PersistentVolumeClaim', ...limit })

test.for<[rule: string, ranges: LimitRange[], storage: string | undefined, is: ClaimState['is']]>([
  ['it allows less', limited(ofClaims({ max: { storage: '1Gi' } })), '2Gi', 'refused'],
  ['it allows as much', limited(ofClaims({ max: { storage: '2Gi' } })), '2Gi', 'placed'],
  ['it asks for more', limited(ofClaims({ min: { storage: '5Gi' } })), '2Gi', 'refused'],
  ['it asks for something', limited(ofClaims({ max: { storage: '5Gi' } })), undefined, 'refused'],
  ['it is of another namespace', limited(ofClaims({ max: { storage: '1Gi' } }), 'other'), '2Gi', 'placed'],
  ['it is of containers', limited({ type: 'Container', max: { storage: '1Gi' } }), '2Gi', 'placed'],
])('a LimitRange of a claim that is yet to be made: %s', ([, ranges, storage, is]) => {
  const requests = storage === undefined ? {} : { resources: { requests: { storage } } }
  const spec = { ...requests, storageClassName: 'fast' }
  const template = { metadata: { name: 'data' }, spec }
  const made = podClaims(stateful(1, { volumeClaimTemplates: [template] }), factsOf(later), ALL, ranges)
  const given = (parts: object) =>
    podClaims(stateful(1), factsOf(later, claim(spec, { name: 'data-db-0', ...parts })), ALL, ranges)
  expect([made, given({}), given({ metadata: { uid: 'x' } })].map(([set]) => set?.[0]?.is)).toEqual([is, is, 'placed'])
})

test.for<[rule: string, volumes: object[], claims: string[]]>([
  ['none', [{ name: 'v', emptyDir: {} }], []],
  ['a claim', [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }], ['default/data']],
  [
    'one that the pod makes for itself',
    [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: {} } } }],
    ['default/POD-v'],
  ],
])('the claims of a pod: %s', ([, volumes, claims]) => {
  const sets = podClaims(workload({ spec: { volumes } }), factsOf(), new Set())
  expect(sets.map((set) => set.map((state) => state.claim))).toEqual(claims.length > 0 ? [claims] : [])
})
