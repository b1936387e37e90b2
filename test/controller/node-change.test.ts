import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { nodeChange, patchOf } from '../../src/seed/controller/node-change.ts'

const KEY = 'images.nodeseed.dev/0123456789abcdef'
const NOW = Date.parse('2026-01-01T12:00:00Z')
const MOMENT = { now: NOW, grace: 30_000 }
const TAINT = { key: 'nodeseed.dev/not-seeded', effect: 'NoSchedule' }
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString()

interface NodeFacts {
  readonly ready?: boolean
  /** Seconds since it is, or is not, ready. */
  readonly since?: number
  readonly labels?: Record<string, string>
  readonly taints?: { key: string; effect: string }[]
}

function node({ ready = true, since = 3600, labels = {}, taints = [] }: NodeFacts = {}): Node {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at(since) }]
  return { metadata: { name: 'a', resourceVersion: '7', labels }, spec: { taints }, status: { conditions } }
}

interface PodFacts {
  readonly ready?: boolean
  readonly since?: number
  /** Seconds since its second container runs. */
  readonly running?: number | undefined
  /** What its init container said when it ended. */
  readonly said?: object
  readonly key?: string
  readonly isEnding?: boolean
}

function pod({ ready = true, since = 600, running, said, key = KEY, isEnding }: PodFacts = {}): Pod {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at(since) }]
  const keep = { name: 'keep', ready, ...(running !== undefined && { state: { running: { startedAt: at(running) } } }) }
  const terminated = { exitCode: 4, message: JSON.stringify(said) }
  const seed = { name: 'seed', state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } }
  return {
    metadata: {
      annotations: { 'nodeseed.dev/labels': key },
      ...(isEnding && { deletionTimestamp: at(1) }),
    },
    status: {
      conditions,
      containerStatuses: [keep as never],
      ...(said && { initContainerStatuses: [seed as never] }),
    },
  }
}

const held = { labels: { [KEY]: 'seeded' } }
const gap = { result: 'gap', message: 'images are missing', missingCount: 2 }

test.for<[what: string, Node, Pod[], object]>([
  ['no seeding pod, nothing to wait for', node(), [], { state: 'unselected', labels: {} }],
  ['no seeding pod yet on a node that just joined', node({ taints: [TAINT] }), [], { state: 'seeding', labels: {} }],
  ['a pod that is ready', node(), [pod()], { state: 'seeded', labels: { [KEY]: 'seeded' } }],
  ['a label that is there', node(held), [pod()], { state: 'seeded', labels: {} }],
  [
    'a label of another value',
    node({ labels: { [KEY]: 'no' } }),
    [pod()],
    { state: 'seeded', labels: { [KEY]: 'seeded' } },
  ],
  [
    'two pods, of two projects',
    node(),
    [pod(), pod({ key: 'tools.nodeseed.dev/0' })],
    { state: 'seeded', labels: { [KEY]: 'seeded', 'tools.nodeseed.dev/0': 'seeded' } },
  ],
  [
    'the startup taint goes, another stays',
    node({ taints: [TAINT, { key: 'gpu', effect: 'NoSchedule' }] }),
    [pod()],
    { state: 'seeded', labels: { [KEY]: 'seeded' }, taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
  ],
  [
    'it stays while one of two is not ready',
    node({ taints: [TAINT] }),
    [pod(), pod({ ready: false, key: 'tools.nodeseed.dev/0' })],
    { state: 'seeding', labels: { [KEY]: 'seeded' }, taints: undefined },
  ],
  ['a pod that imports', node(), [pod({ ready: false })], { state: 'seeding', labels: {} }],
  [
    'a pod that imports again, after the node was started anew: its images are still there',
    node(held),
    [pod({ ready: false, since: 900 })],
    { state: 'seeding', labels: {} },
  ],
  [
    'a pod that runs and is not ready any more',
    node(held),
    [pod({ ready: false, since: 60, running: 3000 })],
    { state: 'failed', why: 'images are gone from the node', labels: { [KEY]: null } },
  ],
  [
    'the same within the grace',
    node(held),
    [pod({ ready: false, since: 20, running: 3000 })],
    { state: 'seeding', labels: {} },
  ],
  [
    'a pod that has just started again',
    node(held),
    [pod({ ready: false, since: 900, running: 5 })],
    { state: 'seeding', labels: {} },
  ],
  [
    'a node that does not answer: nobody can tell',
    node({ ...held, ready: false }),
    [pod({ ready: false, since: 900, running: 3000 })],
    { state: 'seeding', labels: {} },
  ],
  [
    'a node that has just come back, whose pods were not heard yet',
    node({ ...held, since: 3 }),
    [pod({ ready: false, since: 900, running: 3000 })],
    { state: 'seeding', labels: {} },
  ],
  [
    'a report that says what is missing',
    node(held),
    [pod({ ready: false, said: gap })],
    { state: 'failed', why: 'images are missing', labels: { [KEY]: null } },
  ],
  [
    'a report of a bundle that is not there says nothing of the images',
    node(held),
    [pod({ ready: false, said: { result: 'failed', message: 'no such bundle: /b.tar' } })],
    { state: 'failed', why: 'no such bundle: /b.tar', labels: {} },
  ],
  [
    'the pod of the last set ends, that of the next imports: both labels have their time',
    node(held),
    [pod({ isEnding: true }), pod({ ready: false, key: 'images.nodeseed.dev/next' })],
    { state: 'seeding', labels: {} },
  ],
  [
    'a label that a ready pod wants is not taken by one that is not',
    node(held),
    [pod(), pod({ ready: false, said: gap })],
    { state: 'failed', why: 'images are missing', labels: {} },
  ],
])('%s', ([, one, pods, expected]) => {
  expect(nodeChange(one, pods, MOMENT)).toEqual(expected)
})

test('taints are patched only on the version that was read', () => {
  const one = node({ taints: [TAINT] })
  expect(patchOf(nodeChange(one, [pod()], MOMENT), one)).toEqual({
    metadata: { resourceVersion: '7', labels: { [KEY]: 'seeded' } },
    spec: { taints: null },
  })
  expect(patchOf(nodeChange(node(held), [pod()], MOMENT), node(held))).toBeUndefined()
})
