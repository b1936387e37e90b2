import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verifyBundle } from '../../src/bundle/check/verify.ts'
import type { LockedImage, LockedPlatform } from '../../src/bundle/format/lock.ts'
import { carriedFiles } from '../../src/bundle/format/node-files.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { bundleBytes } from '../support/bundle-maker.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** What is wrong with a bundle of the shop whose carried files were made by `change`. */
async function problemsWith(
  change: (file: { name: string; content: string }) => string,
  { damage, rename = (image) => image }: { damage?: string; rename?: (image: LockedImage) => LockedImage } = {},
) {
  const blobs: Blobs = new Map()
  const lock = { version: 1, images: (await shopImages(blobs)).map(rename) } as const
  const files = carriedFiles(lock, '#!/bin/sh\n').map((file) => ({ name: file.name, content: change(file) }))
  const bytes = bundleBytes(planBundle(lock, files), blobs)
  if (damage) bytes[bytes.lastIndexOf(damage)]! ^= 1
  const path = join(await temporaryDirectory(), 'b.tar')
  await writeFile(path, bytes)
  const bundle = await openBundle(path)
  onTestFinished(() => bundle.close())
  return (await verifyBundle(bundle)).map(({ message }) => message)
}

test('files that say what the lock says, in other words, say the same', async () => {
  expect(await problemsWith(({ content }) => content)).toEqual([])
})

test.for(['manifest.json', 'nodeseed/names.txt'])('%s that says something else is found', async (name) => {
  const other = (file: { name: string; content: string }) =>
    file.name === name ? file.content.replace('shop/web', 'shop/evil') : file.content
  expect(await problemsWith(other)).toEqual([`${name} does not say the same as nodeseed/bundle.json`])
})

test('a script that was changed is found', async () => {
  expect(await problemsWith(({ content }) => content, { damage: '#!/bin/sh\n' })).toEqual([
    expect.stringMatching(/nodeseed\/seed\.sh is damaged: it does not hash to sha256:/),
  ])
})

test('a name that stands for two images is found', async () => {
  const rename = (image: LockedImage) => ({ ...image, names: ['registry.example/shop:1'] })
  expect(await problemsWith(({ content }) => content, { rename })).toEqual([
    expect.stringMatching(/^registry\.example\/shop:1 stands for sha256:\w+ and for sha256:\w+$/),
  ])
})

/** The lock of the shop in which one image, an index, says something else of its first platform. */
const forged = (change: (platform: LockedPlatform, other: LockedPlatform) => Partial<LockedPlatform>) => {
  let other: LockedPlatform | undefined
  return (image: LockedImage): LockedImage => {
    const [first, ...more] = image.platforms
    if (!first) return image
    const before = other
    other ??= first
    return before ? { ...image, platforms: [{ ...first, ...change(first, before) }, ...more] } : image
  }
}

test.for<[why: string, change: Parameters<typeof forged>[0], says: RegExp]>([
  ['the manifest of another image', (_, other) => other, /: sha256:\w+ is no part of sha256:\w+$/],
  ['another config', (_, { config }) => ({ config }), /: the manifest does not say the same as the lock$/],
  ['other layers', (_, { layers }) => ({ layers }), /: the manifest does not say the same as the lock$/],
  [
    'another image beside it',
    (_, { manifest, config, layers }) => ({ siblings: [{ manifest, blobs: [config, ...layers] }] }),
    /: sha256:\w+ is no part of sha256:\w+$/,
  ],
])('a lock that says %s of a platform is found', async ([, change, says]) => {
  const problems = await problemsWith(({ content }) => content, { rename: forged(change) })
  expect(problems).toContainEqual(expect.stringMatching(says))
})
