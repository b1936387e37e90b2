import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { lockContent } from '../../src/bundle/lock/lock-content.ts'
import { openContent } from '../../src/layout/open-content.ts'
import { blobName } from '../../src/oci/content/image-layout.ts'
import { plainDescriptor } from '../../src/oci/descriptor.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** The shop as a directory that is an OCI image layout, which a bundle is once it is unpacked. */
async function shopLayout(): Promise<{ directory: string; images: LockedImage[] }> {
  const directory = join(await temporaryDirectory(), 'layout')
  await mkdir(directory)
  const blobs: Blobs = new Map()
  const images = await shopImages(blobs)
  await writeTestBundle(`${directory}.tar`, images, blobs)
  await promisify(execFile)('tar', ['-xf', `${directory}.tar`, '-C', directory])
  return { directory, images }
}

async function lockOf(directory: string) {
  const content = await openContent(directory)
  onTestFinished(() => content.close())
  return lockContent(content)
}

test('a layout holds the images that it was made of: names, platforms, and an index as it is', async () => {
  const { directory, images } = await shopLayout()
  const expected = images.map((image) => ({
    ...image,
    names: [...image.names].sort(),
    target: plainDescriptor(image.target),
    platforms: image.platforms.map((one) => ({ ...one, manifest: plainDescriptor(one.manifest) })),
  }))
  const { images: found } = await lockOf(directory)
  expect(found).toEqual(expected.sort((a, b) => (a.reference < b.reference ? -1 : 1)))
})

test('a layer that is missing is an error, a platform that is missing is not there', async () => {
  const { directory, images } = await shopLayout()
  const [amd64, arm64] = images[0]!.platforms
  await rm(join(directory, blobName(arm64!.manifest.digest)))
  expect((await lockOf(directory)).images[1]?.platforms.map(({ platform }) => platform.architecture)).toEqual(['amd64'])
  await rm(join(directory, blobName(amd64!.layers[1]!.digest)))
  await expect(lockOf(directory)).rejects.toMatchObject({
    code: 'BUNDLE_INVALID',
    message: expect.stringContaining(`web:1.4 for linux/amd64 lacks blob ${amd64!.layers[1]!.digest}`),
  })
})

test('a name that is a tag alone is refused: where it is from, nobody can tell', async () => {
  const { directory } = await shopLayout()
  const file = join(directory, 'index.json')
  const index = JSON.parse(await readFile(file, 'utf8'))
  index.manifests = [{ ...index.manifests[0], annotations: { 'org.opencontainers.image.ref.name': '1.4' } }]
  await writeFile(file, JSON.stringify(index))
  await expect(lockOf(directory)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('only "1.4"'),
  })
})
