import type { Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { parseRuntimeListing } from '../../src/audit/facts/images/runtime-listing.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const lock = { version: 1 as const, images: [lockedImage(WEB, 'linux/amd64')] }
const LABEL = { [`shop.nodeseed.dev/${seedSetDigest(lock)}`]: 'seeded' }
const NAMES = lock.images[0]!.names

const crictl = (names: readonly string[]) =>
  parseRuntimeListing(JSON.stringify({ images: names.map((name) => ({ repoTags: [name] })) }), 'a.json')

/** A pod on node a that waits for an image. */
const failing = (reason: string, parts: { image?: string; policy?: string; node?: string } = {}): Pod =>
  ({
    metadata: { name: 'other', namespace: 'x' },
    spec: {
      nodeName: parts.node ?? 'a',
      containers: [{ name: 'c', image: parts.image ?? 'web:1', imagePullPolicy: parts.policy ?? 'IfNotPresent' }],
    },
    status: { phase: 'Pending', containerStatuses: [{ name: 'c', image: 'x', state: { waiting: { reason } } }] },
  }) as unknown as Pod

interface Sources {
  /** The label of the seed set. */
  readonly label?: boolean
  /** What the kubelet reports; left out where it reports no list. */
  readonly status?: readonly string[]
  readonly runtime?: readonly string[]
  readonly pod?: Pod
  readonly assumeSeeded?: boolean
}

function ask({ label, status, runtime, pod, assumeSeeded = false }: Sources) {
  const labels = label ? LABEL : {}
  const on = node('a', { labels, ...(status ? { images: status } : { status: { images: undefined } }) })
  const conditions: Conditions = {
    lock,
    assumeSeeded,
    ...(pod && { livePods: [pod] }),
    ...(runtime && { runtimeListings: new Map([['a', [crictl(runtime)]]]) }),
  }
  const { workloads, findings } = auditCluster([workload({ policy: 'Never' })], [on], conditions)
  const codes = findings.filter(({ severity }) => severity === 'warning').map(({ code }) => code)
  return {
    starts: workloads[0]?.nodes[0]?.starts,
    told: codes.filter((code) => code === 'SOURCES_DISAGREE' || code === 'SEED_LOST'),
  }
}

test.for<[rule: string, sources: Sources, starts: boolean | null, told: string[]]>([
  ['a label, and no list', { label: true }, true, []],
  ['a label and a list that has it', { label: true, status: NAMES }, true, []],
  [
    "a label, and the node's complete list lacks it",
    { label: true, status: [] },
    null,
    ['SOURCES_DISAGREE', 'SEED_LOST'],
  ],
  ["a label, and the runtime's own list lacks it", { label: true, runtime: [] }, false, ['SEED_LOST']],
  ['a label, and a pod fails now', { label: true, pod: failing('ErrImageNeverPull') }, false, ['SEED_LOST']],
  [
    'a label and a complete list against it, and a pod fails now',
    { label: true, status: [], pod: failing('ErrImageNeverPull') },
    false,
    ['SEED_LOST'],
  ],
  [
    'the list has it, and a pod fails now',
    { status: NAMES, pod: failing('ErrImageNeverPull') },
    null,
    ['SOURCES_DISAGREE'],
  ],
  ['nothing is known, and a pod fails now', { pod: failing('ErrImagePull') }, false, []],
  ['it waits before it tries again', { pod: failing('ImagePullBackOff') }, false, []],
  [
    'a pod that pulls Always proves nothing',
    { label: true, pod: failing('ErrImagePull', { policy: 'Always' }) },
    true,
    [],
  ],
  ['a pod of another image', { label: true, pod: failing('ErrImageNeverPull', { image: 'job:1' }) }, true, []],
  ['a pod on another node', { label: true, pod: failing('ErrImageNeverPull', { node: 'b' }) }, true, []],
  ['a pod that fails for another reason', { label: true, pod: failing('CrashLoopBackOff') }, true, []],
  ['the runtime lists it, the kubelet does not', { runtime: NAMES, status: [] }, null, ['SOURCES_DISAGREE']],
  ['the kubelet lists it, the runtime does not', { runtime: [], status: NAMES }, null, ['SOURCES_DISAGREE']],
  [
    'as if it were seeded again, the loss is told all the same',
    { label: true, status: [], assumeSeeded: true },
    true,
    ['SEED_LOST'],
  ],
  ['as if it were seeded, without a label', { status: [], assumeSeeded: true }, true, []],
])('what sources say together: %s', ([, sources, starts, told]) => {
  expect(ask(sources)).toEqual({ starts, told })
})

const ID = `sha256:${'c'.repeat(64)}`

test.for<[rule: string, status: string[] | undefined, runtime: string | undefined, starts: boolean | null]>([
  ['the kubelet does not list IDs', [WEB], undefined, null],
  ['the runtime lists it', [WEB], JSON.stringify({ images: [{ id: ID, repoTags: [WEB] }] }), true],
  ['the runtime does not', [WEB], JSON.stringify({ images: [{ id: 'sha256:other', repoTags: [WEB] }] }), false],
  ['docker lists none', [WEB], 'REPOSITORY   TAG       DIGEST    IMAGE ID   CREATED   SIZE\n', null],
])('an image by its ID: %s', ([, images, runtime, starts]) => {
  const runtimeListings = runtime === undefined ? new Map() : new Map([['a', [parseRuntimeListing(runtime, 'a')]]])
  const on = node('a', images ? { images } : {})
  const { workloads } = auditCluster([workload({ image: ID, policy: 'Never' })], [on], { runtimeListings })
  expect(workloads[0]?.nodes[0]?.starts).toBe(starts)
})
