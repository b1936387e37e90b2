import { expect, test } from 'vitest'
import { imagesToLoad } from '../../src/bundle/images-to-load.ts'
import type { ExpectedError } from '../../src/errors.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { lockedArtifact, makeArtifact } from '../support/artifact-maker.ts'
import { type Blobs, lockImage } from '../support/image-maker.ts'

const target = { mediaType: OCI_MANIFEST, digest: digestOf('image'), size: 1 }
const lock = {
  version: 1,
  images: ['docker.io/library/nginx', 'registry.example/shop/web'].map((name) => lockImage(name, '1', target, [])),
} as const

test.for<[name: string, hint: string]>([
  ['shop/web:1', 'It holds registry.example/shop/web:1'],
  ['registry.example/shop/web:2', 'It holds registry.example/shop/web:1'],
  ['mirror.local/nginx:1', 'It holds docker.io/library/nginx:1'],
  ['other', 'See what it holds with: nodeseed inspect b.tar'],
])('who asks for %s is told: %s', ([name, hint]) => {
  const refusal = (() => {
    try {
      return imagesToLoad(lock, [name], 'b.tar')
    } catch (error) {
      return error as ExpectedError
    }
  })()
  expect(refusal).toMatchObject({ code: 'INPUT_INVALID', hint })
})

test('artifacts alone are nothing to load, and who hands them out is said', () => {
  const blobs: Blobs = new Map()
  const artifacts = [lockedArtifact(blobs, makeArtifact(blobs))]
  const model = { ...lockImage('registry.example/models/small', '1', target, []), artifacts }
  const load = (names: string[]) => imagesToLoad({ version: 1, images: [model, ...lock.images] }, names, 'b.tar')
  expect(() => load(['registry.example/models/small:1'])).toThrow(
    'b.tar: nothing to load, as no container starts from registry.example/models/small:1',
  )
  expect(() => imagesToLoad({ version: 1, images: [model] }, [], 'b.tar')).toThrow('b.tar: nothing to load')
  expect(load([]).images).toHaveLength(3)
})
