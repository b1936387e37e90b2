import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
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
