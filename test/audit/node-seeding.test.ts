import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { lockedByName } from '../../src/audit/audit.ts'
import type { Conditions, HeldSet } from '../../src/audit/facts/conditions.ts'
import { listing } from '../../src/audit/facts/images/node-images.ts'
import { type NodeSet, nodeSeedings } from '../../src/audit/facts/node-seeding.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { auditTable } from '../../src/audit/report/table.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { lockedImage, node } from '../support/cluster.ts'

const WEB = lockedImage('docker.io/library/web:1', 'linux/amd64')
const [TAG = '', DIGEST = ''] = WEB.names
const lock = { version: 1, images: [WEB] } as const
const set: HeldSet = { digest: seedSetDigest(lock), names: WEB.names, digests: WEB.names.map(() => WEB.target.digest) }
const LABEL = `images.nodeseed.dev/${set.digest}`

interface Given extends Conditions {
  /** Names that one image of the node has. */
  readonly names?: readonly string[]
  /** Names of further images. */
  readonly others?: readonly (readonly string[])[]
  readonly labels?: Record<string, string>
  readonly managedFields?: object[]
}

function seeded({ names, others = [], labels = { [LABEL]: 'seeded' }, managedFields }: Given): Node {
  const more = others.map((known) => ({ names: known }))
  const made = node('n', { labels, status: { images: names?.length === 0 ? more : names && [{ names }, ...more] } })
  return managedFields ? ({ ...made, metadata: { ...made.metadata, managedFields } } as Node) : made
}

function setsOf(given: Given): readonly NodeSet[] {
  const locked = lockedByName(given.lock?.images ?? [])
  return nodeSeedings([seeded(given)], locked, given)[0]?.sets ?? []
}

const JOB = `registry.example/job@sha256:${'1'.repeat(64)}`
const OTHER = `docker.io/library/web@sha256:${'0'.repeat(64)}`
const unpinned = { images: [{ names: WEB.names, bytes: 1, isPinned: false }] }
const pinless = new Map([['n', [listing('crictl images', unpinned.images)]]])

test.for<[what: string, given: Given, expected: Partial<NodeSet> | undefined]>([
  ['all names there', { lock, names: WEB.names }, { state: 'held', names: 2, missing: [], drifted: [] }],
  ['a name gone', { lock, names: [TAG] }, { state: 'incomplete', missing: [DIGEST] }],
  ['everything gone', { lock, names: [] }, { state: 'incomplete', missing: [TAG, DIGEST] }],
  ['another image by the tag', { lock, names: [TAG, OTHER] }, { state: 'incomplete', drifted: [TAG] }],
  [
    'the tag given to another image, beside the digest',
    { lock, names: [DIGEST], others: [[JOB, 'registry.example/job:1', TAG]] },
    { state: 'incomplete', missing: [], drifted: [TAG] },
  ],
  [
    'the tag given to an image of which no digest is told',
    { lock, names: [DIGEST], others: [[TAG]] },
    { state: 'incomplete', drifted: [TAG] },
  ],
  [
    'a name of another repository beside both',
    { lock, names: [DIGEST, JOB, TAG] },
    { state: 'held', missing: [], drifted: [] },
  ],
  ['a node that does not tell', { lock }, { state: 'unverified', missing: [], names: 2 }],
  [
    'an image that is not pinned',
    { lock, names: WEB.names, runtimeListings: pinless },
    { state: 'held', unpinned: [TAG, DIGEST] },
  ],
  ['a label of which nothing is known', { names: WEB.names }, { state: 'unverified', names: null }],
  ['a recorded set without the bundle, digest shown', { seedSets: [set], names: WEB.names }, { state: 'held' }],
  [
    'a recorded set without the bundle, digest not shown',
    { seedSets: [{ ...set, names: [TAG] }], names: [TAG] },
    { state: 'unverified' },
  ],
  ['a label that says something else', { lock, labels: { [LABEL]: 'failed' }, names: WEB.names }, undefined],
  [
    'no label yet, as is placed',
    { lock, labels: {}, names: [], placedSets: new Map([['n', [{ digest: set.digest, label: LABEL }]]]) },
    { state: 'unlabelled', missing: [TAG, DIGEST], since: null },
  ],
])('%s', ([, given, expected]) => {
  const [found] = setsOf(given)
  if (expected === undefined) expect(found).toBeUndefined()
  else expect(found).toMatchObject({ digest: set.digest, label: LABEL, ...expected })
})

const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-11-01T00:00:00Z' }
function pod(labels: string, over: object = {}): Pod {
  const status = { conditions: [{ ...ready, ...over }] }
  return {
    metadata: { annotations: { 'nodeseed.dev/labels': labels } },
    spec: { nodeName: 'n' },
    status,
  } as unknown as Pod
}
const managed = { time: '2026-10-01T00:00:00Z', fieldsV1: { 'f:metadata': { 'f:labels': { [`f:${LABEL}`]: {} } } } }

test.for<[what: string, given: Given, since: string | null]>([
  ['its ready seeding pod', { livePods: [pod(`x,${LABEL}`)], managedFields: [managed] }, '2026-11-01T00:00:00Z'],
  [
    'who set the label, where the pod is not ready',
    { livePods: [pod(LABEL, { status: 'False' })], managedFields: [managed] },
    managed.time,
  ],
  [
    'who set the label, where the pod is of another set',
    { livePods: [pod('x')], managedFields: [managed] },
    managed.time,
  ],
  ['nobody', { managedFields: [{ time: 'x', fieldsV1: { 'f:metadata': {} } }] }, null],
  ['nobody, in odd fields', { managedFields: [{ time: 3, fieldsV1: null }] }, null],
])('since when: %s tells', ([, given, since]) => {
  expect(setsOf({ lock, ...given })[0]?.since).toBe(since)
})

test('the table groups nodes whose set is in the same state, whatever the time', () => {
  const nodes = Array.from({ length: 100 }, (_, at) => {
    const one = seeded({
      names: at === 7 ? [TAG] : WEB.names,
      labels: at === 9 ? {} : { [LABEL]: 'seeded' },
      managedFields: [{ ...managed, time: `2026-10-01T00:00:${10 + (at % 5)}Z` }],
    })
    return { ...one, metadata: { ...one.metadata, name: `n${at}` } }
  })
  const lines = [...auditTable(auditCluster([], nodes, { lock }))]
  expect(lines).not.toContainEqual(expect.objectContaining({ verdict: 'VERDICT' }))
  const at = lines.findIndex((line) => 'verdict' in line && line.verdict === 'SEED SET IS')
  expect(lines.slice(at + 1).map((line) => ('text' in line ? line.text : `${line.verdict} ${line.starts}`))).toEqual([
    'held 98 of 100',
    expect.stringMatching(/^on 98 nodes: .* since 2026-10-01T00:00:10Z to 2026-10-01T00:00:14Z$/),
    'incomplete 1 of 100',
    'on 1 node: n7, since 2026-10-01T00:00:12Z',
    `missing: ${DIGEST}`,
    'no set on 1 node: n9',
  ])
})
