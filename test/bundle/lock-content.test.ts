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
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { HELM_CHART, HELM_CONFIG } from '../support/artifact-maker.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const [NAME, REF] = ['io.containerd.image.name', 'org.opencontainers.image.ref.name']

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
  return (await lockContent(content)).lock
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

test.for<[entry: string, annotations: Record<string, string>, left: string]>([
  ['a tag alone', { [REF]: '1.4' }, 'names an image only "1.4", without its repository'],
  ['no name', {}, 'has no name, and no pod can ask for it'],
  ['a name that no pod could have', { [REF]: 'Shop/Web:1' }, 'is no name that a pod could have'],
  ['the digest of another image', { [REF]: `shop/web@sha256:${'0'.repeat(64)}` }, 'the image was changed on its way'],
  [
    'the name of the image that it signs',
    { [NAME]: 'a.example/web:1', [REF]: 'web:sha256-1.sig' },
    'belongs to a.example/web:1',
  ],
  ['a kind that is no image', { kind: 'dev.hauler/sigs', [NAME]: 'a.example/web:1' }, 'belongs to a.example/web:1'],
])('an entry with %s is left out and said; alone it is refused', async ([, annotations, why]) => {
  const { directory } = await shopLayout()
  const file = join(directory, 'index.json')
  const index = JSON.parse(await readFile(file, 'utf8'))
  const odd = { ...index.manifests[0], annotations }
  await writeFile(file, JSON.stringify({ ...index, manifests: [odd, ...index.manifests] }))
  const content = await openContent(directory)
  onTestFinished(() => content.close())
  const { lock, leftOut } = await lockContent(content)
  expect(lock.images).toHaveLength(2)
  expect(leftOut).toMatchObject([{ code: 'ARCHIVE_ENTRY_LEFT_OUT', message: expect.stringContaining(why) }])
  await writeFile(file, JSON.stringify({ ...index, manifests: [odd] }))
  await expect(lockOf(directory)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining(why),
  })
})

test('platforms that stand beside their index, as oras writes them, are no images without a name', async () => {
  const { directory } = await shopLayout()
  const file = join(directory, 'index.json')
  const index = JSON.parse(await readFile(file, 'utf8'))
  const { manifests } = JSON.parse(await readFile(join(directory, blobName(index.manifests[2].digest)), 'utf8'))
  await writeFile(file, JSON.stringify({ ...index, manifests: [...index.manifests, ...manifests] }))
  const content = await openContent(directory)
  onTestFinished(() => content.close())
  expect((await lockContent(content)).leftOut).toEqual([])
})

test('a name of two images is none of them, and said', async () => {
  const { directory, images } = await shopLayout()
  const [web, report] = images.map(({ target }) => ({
    ...plainDescriptor(target),
    annotations: { [REF]: 'shop/any:1' },
  }))
  const more = { ...plainDescriptor(images[1]!.target), annotations: { [REF]: 'docker.io/shop/report:2' } }
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [web, report, more] }))
  const content = await openContent(directory)
  onTestFinished(() => content.close())
  const { lock, leftOut } = await lockContent(content)
  expect(lock.images.map(({ reference }) => reference)).toEqual(['docker.io/shop/report:2'])
  expect(leftOut).toMatchObject([
    { subject: 'docker.io/shop/any:1', message: expect.stringContaining('stands for 2 images') },
  ])
})

const COSIGN = 'application/vnd.dev.cosign.simplesigning.v1+json'

test.for<[what: string, config: string, layer: string, kind: string | undefined]>([
  ['the bundle image of imgpkg, which says no platform', OCI_CONFIG, OCI_LAYER_GZIP, undefined],
  ['a chart', HELM_CONFIG, HELM_CHART, HELM_CONFIG],
  ['a signature', OCI_CONFIG, COSIGN, COSIGN],
])('%s beside images: what says its kind is taken, else it is left out and said', async ([, config, layer, kind]) => {
  const { directory } = await shopLayout()
  const file = join(directory, 'index.json')
  const index = JSON.parse(await readFile(file, 'utf8'))
  const of = async (mediaType: string, value: unknown) => {
    const bytes = Buffer.from(JSON.stringify(value))
    await writeFile(join(directory, blobName(digestOf(bytes))), bytes)
    return { mediaType, digest: digestOf(bytes), size: bytes.length }
  }
  const layers = [await of(layer, { any: 1 })]
  const manifest = await of(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await of(config, {}),
    layers,
  })
  const artifact = { ...manifest, annotations: { [REF]: 'a.example/thing:1' } }
  await writeFile(file, JSON.stringify({ ...index, manifests: [artifact, ...index.manifests] }))
  const content = await openContent(directory)
  onTestFinished(() => content.close())
  const { lock, leftOut } = await lockContent(content)
  const thing = lock.images.find(({ reference }) => reference === 'a.example/thing:1')
  expect(thing?.artifacts?.map(({ artifactType }) => artifactType)).toEqual(kind && [kind])
  expect(lock.images).toHaveLength(kind ? 3 : 2)
  expect(leftOut).toMatchObject(
    kind ? [] : [{ subject: 'a.example/thing:1', message: expect.stringContaining('is no image that runs') }],
  )
})
