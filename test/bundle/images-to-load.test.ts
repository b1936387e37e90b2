import { expect, test } from 'vitest'
import { imagesToLoad } from '../../src/bundle/images-to-load.ts'
import type { ExpectedError } from '../../src/errors.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { lockImage } from '../support/image-maker.ts'

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
