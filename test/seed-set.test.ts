import { expect, test } from 'vitest'
import type { LockedImage } from '../src/bundle/format/lock.ts'
import { isSeeded, SEEDED, seedSetDigest } from '../src/bundle/format/seed-set.ts'
import { digestOf } from '../src/oci/digest.ts'

function image(names: string[], content = names.join()): LockedImage {
  const target = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOf(content), size: 1 }
  return { reference: names[0] ?? '', names, target, platforms: [] }
}

const WEB = image(['docker.io/library/web:1', 'docker.io/library/web@sha256:aa'])
const JOB = image(['docker.io/library/job:1'])

test('a seed set has the same digest in any order, and 16 hex characters of it', () => {
  expect(seedSetDigest({ images: [WEB, JOB] })).toBe(
    seedSetDigest({ images: [JOB, { ...WEB, names: WEB.names.toReversed() }] }),
  )
  expect(seedSetDigest({ images: [WEB] })).toMatch(/^[0-9a-f]{16}$/)
})

test.for<[what: string, other: LockedImage[]]>([
  ['an image less', [WEB]],
  ['another content under the same names', [WEB, image(['docker.io/library/job:1'], 'rebuilt')]],
  ['another name', [WEB, image(['docker.io/library/job:2'], 'docker.io/library/job:1')]],
])('%s is another seed set', ([, other]) => {
  expect(seedSetDigest({ images: other })).not.toBe(seedSetDigest({ images: [WEB, JOB] }))
})

test.for<[labels: Record<string, string> | undefined, seeded: boolean]>([
  [{ 'shop.nodeseed.dev/0123456789abcdef': SEEDED }, true],
  [{ 'shop.node-restriction.kubernetes.io/0123456789abcdef': SEEDED }, true],
  [{ '0123456789abcdef': SEEDED }, true],
  [{ 'shop.nodeseed.dev/0123456789abcdef': 'failed' }, false],
  [{ 'shop.nodeseed.dev/fedcba9876543210': SEEDED }, false],
  [{}, false],
  [undefined, false],
])('labels %o say seeded: %s', ([labels, seeded]) => {
  expect(isSeeded(labels, '0123456789abcdef')).toBe(seeded)
})
