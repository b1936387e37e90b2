import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { Conditions, HeldSet } from '../../src/audit/facts/conditions.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const WEB = lockedImage('docker.io/library/web:1', 'linux/amd64')
const JOB = lockedImage('docker.io/library/job:1', 'linux/amd64')
/** Last month's image of a name. */
const old = (image: LockedImage): LockedImage => ({
  ...image,
  names: image.names.slice(0, 1),
  target: { ...image.target, digest: digestOf(`old ${image.reference}`) },
})
const label = (digest: string) => `images.nodeseed.dev/${digest}`

/** A set as `placement.json` has it. */
function held(...images: LockedImage[]): Required<HeldSet> {
  return {
    digest: seedSetDigest({ images }),
    names: images.flatMap(({ names }) => names),
    digests: images.flatMap(({ names, target }) => names.map(() => target.digest)),
  }
}
const untold = ({ digest, names }: HeldSet): HeldSet => ({ digest, names })

function labelled(name: string, ...sets: HeldSet[]): Node {
  return node(name, {
    labels: Object.fromEntries(sets.map(({ digest }) => [label(digest), 'seeded'])),
    status: { images: undefined },
  })
}

function verdict(nodes: Node[], conditions: Conditions, selector?: string): string | undefined {
  const one = workload({
    policy: 'Never',
    ...(selector !== undefined && { spec: { nodeSelector: { [selector]: 'seeded' } } }),
  })
  return auditCluster([one], nodes, conditions).workloads[0]?.verdict
}

const NOW = held(WEB, JOB)
const BEFORE = held(old(WEB), old(JOB))
const PARTLY = held(WEB, old(JOB))
const lock = { version: 1, images: [WEB, JOB] } as const

test.for<[what: string, sets: HeldSet[], on: HeldSet[], safe: boolean]>([
  ['the set of the bundle', [NOW], [NOW], true],
  ['the set of the bundle, of which nothing says what its names stand for', [untold(NOW)], [NOW], true],
  ['part of the bundle', [held(WEB)], [held(WEB)], true],
  ['part of it, of which nothing says what its names stand for', [untold(held(WEB))], [held(WEB)], true],
  ['a set of as many other images by the same names', [BEFORE], [BEFORE], false],
  ['the same, of which nothing says what its names stand for', [untold(BEFORE)], [BEFORE], false],
  ['a set that differs in another image', [PARTLY], [PARTLY], true],
  ['the same, of which nothing says which', [untold(PARTLY)], [PARTLY], false],
  ['a set of last month beside the one of the bundle', [BEFORE], [BEFORE, NOW], true],
  ['a label of which nothing says what it is', [], [BEFORE], false],
])('a node with the label of %s', ([, seedSets, on, safe]) => {
  expect(verdict([labelled('n', ...on)], { lock, seedSets }) === 'safe').toBe(safe)
})

test('artifacts beside the images, which no node gets, do not make the set another one', () => {
  const { platforms: _, ...image } = lockedImage('registry.example/charts/web:1', 'linux/amd64')
  const artifactType = 'application/vnd.cncf.helm.config.v1+json'
  const chart: LockedImage = {
    ...image,
    platforms: [],
    artifacts: [{ artifactType, manifest: image.target, blobs: [] }],
  }
  const whole = { version: 1, images: [WEB, JOB, chart] } as const
  expect(verdict([labelled('n', NOW)], { lock: whole })).toBe('safe')
  expect(verdict([labelled('n')], { lock: whole, assumeSeeded: true })).toBe('safe')
})

test.for<[what: string, placed: Record<string, HeldSet[]>, selects: HeldSet | undefined, expected: string]>([
  ['both nodes, no selector', { a: [NOW], b: [NOW] }, undefined, 'safe'],
  ['one node, no selector', { a: [NOW] }, undefined, 'atRisk'],
  ['one node, which is selected', { a: [NOW] }, NOW, 'safe'],
  ['another set on the other node', { a: [held(WEB)], b: [held(JOB)] }, undefined, 'atRisk'],
  ['another set on the other node, the right one selected', { a: [held(WEB)], b: [held(JOB)] }, held(WEB), 'safe'],
  ['no node', {}, undefined, 'impossible'],
  ['no node, and a selector', {}, NOW, 'impossible'],
])('seeding is assumed of a placement on %s', ([, placed, selects, expected]) => {
  const seedSets = Object.values(placed).flat()
  const placedSets = new Map(
    Object.entries(placed).map(([name, sets]) => [name, sets.map(({ digest }) => ({ digest, label: label(digest) }))]),
  )
  const nodes = ['a', 'b'].map((name) => node(name, { images: [] }))
  const conditions = { lock, seedSets, placedSets, assumeSeeded: true }
  expect(verdict(nodes, conditions, selects && label(selects.digest))).toBe(expected)
  if (expected === 'safe') {
    expect(auditCluster([], nodes, conditions).findings.map(({ code }) => code)).not.toContain('SEED_LOST')
    expect(verdict(nodes, { ...conditions, assumeSeeded: false }, selects && label(selects.digest))).not.toBe('safe')
  }
})
