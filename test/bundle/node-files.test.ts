import { expect, test } from 'vitest'
import { carriedFiles, renderNames } from '../../src/bundle/format/node-files.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'

test('a row for each name, image and blob of each platform, shared blobs once, and an end', async () => {
  const lock = { version: 1 as const, images: await shopImages(new Map()) }
  const rows = renderNames(lock).split('\n')
  expect(rows[0]).toBe(`nodeseed-names 1 ${seedSetDigest(lock)}`)
  expect(rows.slice(-2)).toEqual(['end', ''])
  const count = (start: string) => rows.filter((row) => row.startsWith(start)).length
  expect([count('name linux/amd64 '), count('name linux/arm64 ')]).toEqual([4, 2])
  expect([count('image linux/amd64 '), count('image linux/arm64 ')]).toEqual([2, 1])
  // amd64: index, two manifests, two configs and two layers, one of them in both images.
  expect([count('blob linux/amd64 '), count('blob linux/arm64 ')]).toEqual([7, 5])
})

test('the bundle is a docker archive too: every tag, and the layers in order', async () => {
  const blobs: Blobs = new Map()
  const lock = { version: 1 as const, images: await shopImages(blobs) }
  const [file] = carriedFiles(lock, '')
  expect(file?.name).toBe('manifest.json')
  const entries: { RepoTags: string[]; Layers: string[] }[] = JSON.parse(file?.content ?? '')
  expect(entries.flatMap(({ RepoTags }) => RepoTags)).toEqual([
    'registry.example/shop/web:1.4',
    'registry.example/shop/report:2',
  ])
  const paths = lock.images[0]?.platforms[0]?.layers.map(({ digest }) => `blobs/${digest.replace(':', '/')}`)
  expect(entries[0]?.Layers).toEqual(paths)
})
