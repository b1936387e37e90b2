import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { bundleListing, type ImageListing, statusListing } from '../../src/audit/facts/images/node-images.ts'
import { presenceOf } from '../../src/audit/facts/images/presence.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const D = `sha256:${'d'.repeat(64)}`
const WEB = ['docker.io/library/web:1']

function status(images: string[][] | undefined, containerRuntimeVersion = 'containerd://2.1.9'): Node {
  return {
    status: { ...(images && { images: images.map((names) => ({ names })) }), nodeInfo: { containerRuntimeVersion } },
  } as Node
}

/** As many images as given, none of which is the one that the tests ask for. */
function others(count: number, names = 1): string[][] {
  return Array.from({ length: count }, (_, image) =>
    Array.from({ length: names }, (_, name) => `r.example/${image}:${name}`),
  )
}

const digests = (count: number) =>
  Array.from({ length: count }, (_, index) => `r.example/a@sha256:${`${index}`.repeat(64)}`)

test.for<[rule: string, images: string[][] | undefined, name: string, present: boolean | undefined]>([
  ['a name that the node lists', [WEB], 'docker.io/library/web:1', true],
  ['a name that it does not list', [WEB], 'docker.io/library/web:2', false],
  ['the digest form needs its own name', [WEB], `docker.io/library/web@${D}`, false],
  [
    'a tag together with a digest is found by no pod',
    [[`docker.io/library/web:1@${D}`]],
    `docker.io/library/web@${D}`,
    false,
  ],
  ['49 images are all there are', others(49), 'docker.io/library/web:1', false],
  ['50 images may be the 50 largest only', others(50), 'docker.io/library/web:1', undefined],
  ['51 images: the limit is another one, and may be reached', others(51), 'docker.io/library/web:1', undefined],
  ['of 50 images, a listed one is there', [...others(49), WEB], 'docker.io/library/web:1', true],
  ['4 names are all names', others(1, 4), 'docker.io/library/web:1', false],
  ['5 names may not be all', others(1, 5), 'docker.io/library/web:1', undefined],
  [
    'tags come last: 5 names with a tag hide no digest',
    [[...digests(4), 'r.example/a:1']],
    `docker.io/library/web@${D}`,
    false,
  ],
  ['5 digests may hide more digests', [digests(5)], `docker.io/library/web@${D}`, undefined],
  ['5 digests hide tags', [digests(5)], 'docker.io/library/web:1', undefined],
  ['an empty list holds nothing', [], 'docker.io/library/web:1', false],
  ['no list says nothing', undefined, 'docker.io/library/web:1', undefined],
])('node.status.images: %s', ([, images, name, present]) => {
  expect(presenceOf(name, [statusListing(status(images))]).present).toBe(present)
})

test.for<[maxImages: number, count: number, present: boolean | undefined]>([
  [100, 50, false],
  [100, 100, undefined],
  [-1, 500, false],
  [0, 0, undefined],
])('with nodeStatusMaxImages %i, %i images leave another one %s', ([maxImages, count, present]) => {
  expect(presenceOf('docker.io/library/web:1', [statusListing(status(others(count)), maxImages)]).present).toBe(present)
})

test('docker reports short names and finds long ones; containerd finds only what it reports', () => {
  const present = (runtime: string) =>
    presenceOf('docker.io/library/web:1', [statusListing(status([['web:1']], runtime))]).present
  expect(present('docker://29.1.0')).toBe(true)
  expect(present('containerd://2.1.9')).toBe(false)
})

const BUNDLE = bundleListing(['docker.io/library/web:1'])

test.for<
  [rule: string, images: string[][] | undefined, name: string, present: boolean | undefined, isFromBundle: boolean]
>([
  ['a seeded node holds what the bundle holds', undefined, 'docker.io/library/web:1', true, true],
  ['a complete list that lacks it says otherwise', [], 'docker.io/library/web:1', undefined, true],
  ['also where the list is cut', others(50), 'docker.io/library/web:1', true, true],
  ['the seed label tells nothing of other images', others(50), 'docker.io/library/job:1', undefined, false],
  ['what neither has is not there', [], 'docker.io/library/job:1', false, false],
  ['what the node itself lists did not come from the bundle', [WEB], 'docker.io/library/web:1', true, false],
])('seed label: %s', ([, images, name, present, isFromBundle]) => {
  const presence = presenceOf(name, [statusListing(status(images)), BUNDLE])
  expect([presence.present, presence.isFromBundle ?? false]).toEqual([present, isFromBundle])
})

const DIGEST = `r.example/app@${D}`
const SEEDED = ['r.example/app:1', DIGEST]
const ASSUMED: ImageListing = { ...bundleListing(SEEDED, true), isBundle: false, isAssumed: true }

test.for<
  [rule: string, images: string[][] | undefined, promise: ImageListing, name: string, present: boolean | undefined]
>([
  ['a tag that a label promises', undefined, bundleListing(SEEDED, true), 'r.example/app:1', true],
  ['a digest that a label promises', undefined, bundleListing(SEEDED, true), DIGEST, undefined],
  ['also where the list is cut', others(50), bundleListing(SEEDED, true), DIGEST, undefined],
  ['a tag that a seeding would bring', undefined, ASSUMED, 'r.example/app:1', true],
  ['a digest that a seeding would bring', undefined, ASSUMED, DIGEST, undefined],
  ['the node may still lack what a seeding would bring', [], ASSUMED, DIGEST, undefined],
  ['a digest that the node lists itself', [[DIGEST]], ASSUMED, DIGEST, true],
])("docker's store may keep no digests: %s", ([, images, promise, name, present]) => {
  expect(presenceOf(name, [statusListing(status(images, 'docker://24.0.9')), promise]).present).toBe(present)
})

test.for<[runtime: string, image: string, verdict: string]>([
  ['docker://24.0.9', DIGEST, 'unknown'],
  ['docker://29.1.0', `r.example/app:1@${D}`, 'unknown'],
  ['docker://24.0.9', 'r.example/app:1', 'safe'],
  ['containerd://2.1.9', DIGEST, 'safe'],
  ['cri-o://1.34.0', DIGEST, 'safe'],
])('seeded nodes of %s and a pod of %s: %s', ([runtime, image, verdict]) => {
  const target = lockedImage('r.example/app:1', 'linux/amd64')
  const one = { ...target, names: SEEDED }
  const lock = { version: 1 as const, images: [one] }
  const labels = { [`nodeseed.dev/${seedSetDigest(lock)}`]: 'seeded' }
  const nodeInfo = { architecture: 'amd64', operatingSystem: 'linux', containerRuntimeVersion: runtime }
  const seeded = node('a', { labels, status: { nodeInfo, images: others(50).map((names) => ({ names })) } })
  const verdictOf = (conditions: object) =>
    auditCluster([workload({ image })], [seeded], { lock, ...conditions }).workloads[0]?.verdict
  expect([verdictOf({}), verdictOf({ assumeSeeded: true })]).toEqual([verdict, verdict])
})
