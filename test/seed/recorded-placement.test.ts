import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { labelUsers } from '../../src/seed/label-users.ts'
import { labelArguments, planLabels, type RecordedPlacement } from '../../src/seed/recorded-placement.ts'

const KEY = 'shop.nodeseed.dev/0123456789abcdef'
const OLD = 'shop.nodeseed.dev/fedcba9876543210'
const OTHER = 'tools.nodeseed.dev/fedcba9876543210'
const SET = { name: 'shop', digest: '0123456789abcdef', label: KEY, images: [], nodes: [] }

function placement(node: string): RecordedPlacement {
  const placed = {
    node,
    platform: 'linux/amd64',
    method: 'containerd' as const,
    group: 'g',
    sets: [SET.digest],
    seeded: 'aaaa',
    images: 1,
    bytes: 1,
  }
  return { namespace: 'nodeseed', sets: [SET], nodes: [placed] }
}

const SELECTING = { template: { spec: { nodeSelector: { [OLD]: 'seeded' } } } }
const PLAIN_POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: SELECTING.template.spec }
const TERM = { matchExpressions: [{ key: OLD, operator: 'Exists' }] }
const AFFINITY = {
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [TERM] } },
}

function workload(apiVersion: string, kind: string, spec: object) {
  return { apiVersion, kind, metadata: { namespace: 'shop', name: 'web' }, spec: { ...SELECTING, ...spec } }
}

function done(type: string) {
  return { conditions: [{ type, status: 'True' }] }
}

function pod(nodeName: string, set: string, ready: string): Pod {
  return {
    metadata: { labels: { 'nodeseed.dev/set': set } },
    spec: { nodeName, containers: [] },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  }
}

function node(name: string, ...keys: string[]): Node {
  return { metadata: { name, labels: Object.fromEntries(keys.map((key) => [key, 'seeded'])) } }
}

test.for<[why: string, pods: Pod[], nodes: Node[], prune: boolean, args: string | undefined]>([
  ['a ready pod of the set', [pod('n', 'aaaa', 'True')], [node('n')], false, `n ${KEY}=seeded`],
  ['a pod that is not ready', [pod('n', 'aaaa', 'False')], [node('n')], false, undefined],
  ['a pod of another set', [pod('n', 'bbbb', 'True')], [node('n')], false, undefined],
  ['a pod of another node', [pod('m', 'aaaa', 'True')], [node('n')], false, undefined],
  ['no pod', [], [node('n')], true, undefined],
  ['a label that is there', [pod('n', 'aaaa', 'True')], [node('n', KEY, OLD)], false, undefined],
  ['--prune', [pod('n', 'aaaa', 'True')], [node('n', KEY, OLD, OTHER)], true, `n ${OLD}-`],
  ['--prune of a node that is not seeded', [], [node('n', OLD)], true, undefined],
])('%s', ([, pods, nodes, prune, args]) => {
  const [labelling] = planLabels(placement('n'), pods, nodes, { prune })
  expect(labelArguments(labelling!)?.join(' ')).toBe(args && `label --overwrite node ${args}`)
})

test('--prune also reaches nodes that are no longer in the placement, and leaves them what others select', () => {
  const options = { prune: true, usersOf: (key: string) => (key === OLD ? ['Deployment shop/web'] : []) }
  const older = 'shop.nodeseed.dev/1111111111111111'
  const nodes = [node('n', KEY, OLD, older), node('gone', OLD, older, KEY), node('other', OTHER)]
  expect(planLabels(placement('n'), [pod('n', 'aaaa', 'True')], nodes, options)).toEqual([
    { node: 'n', isSeeded: true, add: [], remove: [older], kept: [{ key: OLD, users: ['Deployment shop/web'] }] },
    { node: 'gone', isSeeded: true, add: [], remove: [older], kept: [{ key: OLD, users: ['Deployment shop/web'] }] },
  ])
})

test.for<[who: string, object: object, isUser: boolean]>([
  ['a Deployment', workload('apps/v1', 'Deployment', {}), true],
  ['a CronJob', { ...workload('batch/v1', 'CronJob', {}), spec: { jobTemplate: { spec: SELECTING } } }, true],
  ['a ReplicaSet of an earlier revision', workload('apps/v1', 'ReplicaSet', { replicas: 0 }), false],
  ['a ReplicaSet that still has pods', workload('apps/v1', 'ReplicaSet', { replicas: 1 }), true],
  ['a Job that is done', { ...workload('batch/v1', 'Job', {}), status: done('Complete') }, false],
  ['a Job that waits', workload('batch/v1', 'Job', { suspend: true }), true],
  ['a pod that runs', { ...PLAIN_POD, status: { phase: 'Running' } }, true],
  ['a pod that is done', { ...PLAIN_POD, status: { phase: 'Succeeded' } }, false],
  ['a pod that selects by affinity', { ...PLAIN_POD, spec: { affinity: AFFINITY } }, true],
])('%s selects nodes by a label, or no longer', ([, object, isUser]) => {
  expect(labelUsers([object])(OLD)).toHaveLength(isUser ? 1 : 0)
})
