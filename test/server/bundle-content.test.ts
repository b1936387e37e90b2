import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { BundleContent } from '../../src/server/registry/bundle-content.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { writeBundleOf } from './bundle-of.ts'

async function bundleContent() {
  const path = join(await temporaryDirectory(), 'demo.bundle')
  const source = await demoContent()
  const lock = await writeBundleOf(source, path)
  const bundle = await openBundle(path)
  onTestFinished(() => bundle.close())
  return { content: new BundleContent([bundle]), source, lock, bundle }
}

test('a bundle answers with the repositories, tags and bytes that it was made from', async () => {
  const { content, source } = await bundleContent()
  expect(content.repositories()).toEqual(source.repositories())
  for (const repository of source.repositories()) {
    expect(content.tags(repository)).toEqual(source.tags(repository))
    for (const tag of source.tags(repository)) {
      expect(await content.findManifest(repository, tag)).toEqual(await source.findManifest(repository, tag))
    }
  }
})

test('every platform and every blob of the bundle is there by digest', async () => {
  const { content, lock } = await bundleContent()
  const web = lock.images.find(({ reference }) => reference === 'registry.example.com/shop/web:1.4')
  expect(web?.platforms.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64'])
  for (const { manifest, config, layers } of web?.platforms ?? []) {
    expect((await content.findManifest('registry.example.com/shop/web', manifest.digest))?.digest).toBe(manifest.digest)
    for (const { digest, size } of [config, ...layers]) {
      expect(content.findBlobSize(digest)).toBe(size)
      const bytes = Buffer.alloc(size)
      expect(await (await content.openBlob(digest, 0, size)).read(bytes, 0)).toBe(size)
      expect(digestOf(bytes)).toBe(digest)
    }
  }
})

test('a manifest of one repository is not in another', async () => {
  const { content, lock } = await bundleContent()
  const [agent] = lock.images
  expect(agent?.reference).toBe('registry.example.com/edge/agent:3.1')
  expect(await content.findManifest('registry.example.com/shop/web', agent?.target.digest ?? '')).toBeUndefined()
})

test('of two bundles the later decides what a tag is, and both give blobs', async () => {
  const { content, lock, bundle } = await bundleContent()
  const [first, second] = lock.images
  if (!first || !second) throw new Error('two images needed')
  const moved = { ...first, names: first.names.filter((name) => name.includes(':3.1')), target: second.target }
  const delta = {
    lock: { version: 1, images: [moved] } as const,
    path: 'delta.tar',
    names: new Map(),
    blobs: new Map(),
    lacking: async () => new Map(),
    readDocument: () => Promise.reject(new Error('empty')),
    openBlob: () => expect.fail('empty'),
    readInto: () => Promise.reject(new Error('empty')),
    stateOf: () => Promise.reject(new Error('empty')),
    close: async () => {},
  }
  const both = new BundleContent([bundle, delta])
  expect((await both.findManifest('registry.example.com/edge/agent', '3.1'))?.digest).toBe(second.target.digest)
  expect((await content.findManifest('registry.example.com/edge/agent', '3.1'))?.digest).toBe(first.target.digest)
})
