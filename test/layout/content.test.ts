import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { openContent } from '../../src/layout/open-content.ts'
import type { Content } from '../../src/oci/content/content.ts'
import { blobName } from '../../src/oci/content/image-layout.ts'
import { LayeredContent } from '../../src/oci/content/layered-content.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Blobs, tarOf } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const blobs: Blobs = new Map()
let images: LockedImage[] = []

beforeAll(async () => {
  images = await shopImages(blobs)
})

/** Every kind of place that holds images, with the same images in it. */
const KINDS: Record<string, (directory: string) => Promise<Content>> = {
  async bundle(directory) {
    return openContent(await bundleIn(directory))
  },
  async parts(directory) {
    const path = await bundleIn(directory)
    const bytes = await readFile(path)
    for (let part = 0; part * 5000 < bytes.length; part++) {
      const name = `${path}.part${String(part + 1).padStart(3, '0')}`
      await writeFile(name, bytes.subarray(part * 5000, (part + 1) * 5000))
    }
    await rm(path)
    return openContent(path)
  },
  async 'delta over its base'(directory) {
    const layers = images.flatMap(({ platforms }) => platforms.flatMap((platform) => platform.layers))
    await writeTestBundle(join(directory, 'base.tar'), images.slice(1), blobs)
    const without = new Set([layers[0]!.digest])
    await writeTestBundle(join(directory, 'delta.tar'), images, blobs, { without })
    const delta = await openContent(join(directory, 'delta.tar'))
    expect([...(await delta.lacking()).keys()]).toEqual([layers[0]!.digest])
    return new LayeredContent([await openContent(join(directory, 'base.tar')), delta])
  },
  async 'layout directory'(directory) {
    for (const [name, content] of layoutFiles()) {
      await mkdir(dirname(join(directory, name)), { recursive: true })
      await writeFile(join(directory, name), content)
    }
    return openContent(directory)
  },
  async 'layout tar'(directory) {
    const path = join(directory, 'layout.tar')
    await writeFile(path, await tarOf(layoutFiles().map(([name, content]) => [{ name: `./${name}` }, content])))
    return openContent(path)
  },
}

async function bundleIn(directory: string): Promise<string> {
  const path = join(directory, 'shop.tar')
  await writeTestBundle(path, images, blobs)
  return path
}

function layoutFiles(): [name: string, content: Buffer | string][] {
  const manifests = images.flatMap(({ names, target }) =>
    names.map((name) => ({ ...target, annotations: { 'org.opencontainers.image.ref.name': name } })),
  )
  return [
    ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
    ['index.json', JSON.stringify({ schemaVersion: 2, manifests })],
    ...[...blobs].map(([digest, content]): [string, Buffer] => [blobName(digest), content]),
  ]
}

/** Blobs that the images name; platforms that are left out, which an index lists, are nowhere. */
const MISSING = digestOf('absent linux/386')

test.for(Object.keys(KINDS))('a %s gives names, sizes and bytes', async (kind) => {
  const content = await KINDS[kind]!(await temporaryDirectory())
  onTestFinished(() => content.close())
  for (const { names, target } of images) {
    for (const name of names)
      expect(content.names.get(name)).toMatchObject({ digest: target.digest, size: target.size })
    expect(Buffer.from(await content.readDocument(target.digest))).toEqual(blobs.get(target.digest))
  }
  expect(content.names.size).toBe(4)
  expect([...content.blobs].map(([digest, { size }]) => [digest, size]).sort()).toEqual(
    [...blobs].map(([digest, { length }]) => [digest, length]).sort(),
  )
  expect([...(await content.lacking()).keys()]).toEqual(kind.startsWith('layout') ? [MISSING] : [])
  for (const [digest, bytes] of blobs) {
    expect(await streamed(content, digest, {})).toEqual(bytes)
    expect(await streamed(content, digest, { start: 3, end: 20, reuse: true })).toEqual(bytes.subarray(3, 20))
    expect(await streamed(content, digest, { start: bytes.length })).toEqual(Buffer.alloc(0))
    const buffer = Buffer.alloc(bytes.length + 10)
    let filled = 7
    while (filled < bytes.length) filled += await content.readInto(digest, buffer.subarray(filled), filled)
    expect(buffer.subarray(7, filled)).toEqual(bytes.subarray(7))
  }
})

test.for(Object.keys(KINDS))('a %s says what it does not hold', async (kind) => {
  const content = await KINDS[kind]!(await temporaryDirectory())
  onTestFinished(() => content.close())
  const unknown = { code: 'BLOB_UNKNOWN', message: `${content.path}: holds no blob ${MISSING}` }
  await expect(content.readDocument(MISSING)).rejects.toMatchObject(unknown)
  await expect(content.readInto(MISSING, Buffer.alloc(1), 0)).rejects.toMatchObject(unknown)
  await expect(streamed(content, MISSING, {})).rejects.toMatchObject(unknown)
})

test('a document in a layout that is not what its name says is no document', async () => {
  const directory = await temporaryDirectory()
  const content = await KINDS['layout directory']!(directory)
  const { digest } = images[0]!.target
  await writeFile(join(directory, blobName(digest)), Buffer.alloc(blobs.get(digest)!.length))
  await expect(content.readDocument(digest)).rejects.toMatchObject({ code: 'CONTENT_MISMATCH' })
})

async function streamed(content: Content, digest: Digest, range: Parameters<Content['openBlob']>[1]): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of content.openBlob(digest, range)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
