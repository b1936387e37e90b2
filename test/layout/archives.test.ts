import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { lockContent } from '../../src/bundle/lock/lock-content.ts'
import { openContent } from '../../src/layout/open-content.ts'
import type { Content } from '../../src/oci/content/content.ts'
import { digestOf } from '../../src/oci/digest.ts'
import {
  type ArchiveFile,
  archiveOf,
  dockerFiles,
  haulerEntries,
  haulerFiles,
  imgpkgFiles,
  layoutFiles,
  zarfEntries,
} from '../support/archive-maker.ts'
import { type Blobs, lockImage, makeImage, makeLayer } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const blobs: Blobs = new Map()
let images: LockedImage[] = []
let local: LockedImage[] = []

beforeAll(async () => {
  images = await shopImages(blobs)
  const [base, own] = [await makeLayer(blobs, { base: 'base' }), await makeLayer(blobs, { own: 'own' })]
  const parts = [makeImage(blobs, [base, own]), makeImage(blobs, [base])]
  local = [
    lockImage('docker.io/library/app', 'local', parts[0]!.manifest, [parts[0]!]),
    lockImage('docker.io/library/base', '1', parts[1]!.manifest, [parts[1]!]),
  ]
})

/** Each kind of archive: its files, and whether the digests in it are those of the images. */
const KINDS: Record<string, { files: () => ArchiveFile[]; ownDigests?: true; images?: () => LockedImage[] }> = {
  'docker save': { files: () => dockerFiles(local, blobs), ownDigests: true, images: () => local },
  'docker archive with compressed layers': {
    files: () => dockerFiles(local, blobs, { gzip: true }),
    ownDigests: true,
    images: () => local,
  },
  'imgpkg copy --to-tar': { files: () => imgpkgFiles(images, blobs) },
  'hauler store save': { files: () => haulerFiles(images, blobs) },
  'hauler store save, of a version with the marker': { files: () => layoutFiles(haulerEntries(images), blobs) },
  'zarf package': {
    files: () => [
      [{ name: 'zarf.yaml' }, 'kind: ZarfPackageConfig'],
      ...layoutFiles(zarfEntries(images), blobs, 'images/'),
    ],
  },
  'OCI layout inside a directory': { files: () => layoutFiles(haulerEntries(images), blobs, './shop/') },
}

const COMPRESSIONS: Record<string, (bytes: Buffer) => Buffer> = {
  plain: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  'gzip in members': (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, 700)), gzipSync(bytes.subarray(700))]),
  zstd: (bytes) => zstdCompressSync(bytes),
  'zstd in frames': (bytes) =>
    Buffer.concat([
      SKIPPABLE,
      zstdCompressSync(bytes.subarray(0, 700)),
      SKIPPABLE,
      zstdCompressSync(bytes.subarray(700)),
    ]),
}

/** A frame of zstd that holds nothing, as pzstd writes before others. */
const SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])

async function opened(bytes: Buffer): Promise<Content> {
  const path = join(await temporaryDirectory(), 'any.archive')
  await writeFile(path, bytes)
  const content = await openContent(path)
  onTestFinished(() => content.close())
  return content
}

const CASES = Object.keys(KINDS).flatMap((kind) => Object.keys(COMPRESSIONS).map((how) => [kind, how] as const))

test.for(CASES)('%s, %s: every image by its names, every blob as its digest says', async ([kind, how]) => {
  const { files, ownDigests, images: own = () => images } = KINDS[kind]!
  const content = await opened(COMPRESSIONS[how]!(await archiveOf(files())))
  const { lock, leftOut } = await lockContent(content)
  expect(leftOut).toEqual([])
  const held = new Map(lock.images.map((image) => [image.reference, image]))
  for (const image of own()) {
    const found = held.get(image.reference)
    expect(found, image.reference).toBeDefined()
    expect(found?.platforms.map(({ platform, config }) => [platform, config.digest])).toEqual(
      image.platforms.map(({ platform, config }) => [platform, config.digest]),
    )
    if (!ownDigests) expect([...found!.names].sort()).toEqual([...image.names].sort())
  }
  for (const digest of content.blobs.keys()) {
    const bytes = Buffer.concat(await Array.fromAsync(content.openBlob(digest), (chunk) => Buffer.from(chunk)))
    expect(digestOf(bytes)).toBe(digest)
    expect(bytes.length).toBe(content.blobs.get(digest)?.size)
    const buffer = Buffer.alloc(bytes.length)
    for (let filled = 0; filled < bytes.length; )
      filled += await content.readInto(digest, buffer.subarray(filled), filled)
    expect(buffer.equals(bytes)).toBe(true)
    expect(Buffer.concat(await Array.fromAsync(content.openBlob(digest, { start: 3, end: 9 })))).toEqual(
      bytes.subarray(3, 9),
    )
  }
  expect(content.caveats).toHaveLength(1)
})

test('an image without layers is one, as docker saves it', async () => {
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers' } })
  const listed = [{ Config: `${digestOf(config).slice(7)}.json`, RepoTags: ['empty:1'], Layers: null }]
  const content = await opened(
    await archiveOf([
      [{ name: listed[0]!.Config }, config],
      [{ name: 'manifest.json' }, JSON.stringify(listed)],
    ]),
  )
  expect((await lockContent(content)).lock.images).toMatchObject([
    { reference: 'docker.io/library/empty:1', platforms: [{ layers: [] }] },
  ])
})

test('the same docker archive gives the same digests, and layers that images share once', async () => {
  const archive = await archiveOf(dockerFiles(local, blobs))
  const [one, two] = [await opened(archive), await opened(gzipSync(archive))]
  expect([...one.names]).toEqual([...two.names])
  expect(one.blobs.size).toBe(2 * 2 + 2)
})

const DAMAGES: [what: string, damage: (layer: Buffer, other: Buffer) => Buffer, problem: RegExp][] = [
  ['is another layer', (_, other) => other, /it unpacks to sha256:\w+, and its config says sha256:/],
  ['is noise', (layer) => Buffer.concat([layer.subarray(0, 3), Buffer.alloc(200, 0x5a)]), /layer .* is damaged: /],
  ['is cut off', (layer) => layer.subarray(0, -9), /layer .* is damaged: /],
  ['is cut within its head', (layer) => layer.subarray(0, 8), /layer .* is damaged: /],
  [
    'has another checksum',
    (layer) => Buffer.concat([layer.subarray(0, -8), Buffer.alloc(8, 1)]),
    /layer .* is damaged: /,
  ],
  ['has more behind it', (layer, other) => Buffer.concat([layer, other]), /it unpacks to/],
  ['is empty inside', () => gzipSync(''), /it unpacks to/],
  ['is said to be zstd', (layer) => Buffer.concat([zstdCompressSync(layer)]), /it unpacks to/],
]

test.for(DAMAGES)('a docker archive whose compressed layer %s is refused', async ([, damage, problem]) => {
  const files = dockerFiles(local, blobs, { gzip: true })
  const [one, two] = files.filter(([{ name, type }]) => name.endsWith('layer.tar') && type === undefined)
  const damaged = damage(two![1] as Buffer, one![1] as Buffer)
  const archive = await archiveOf(files.map((file) => (file === two ? [file[0], damaged] : file)))
  const refused = { code: 'BUNDLE_INVALID', message: expect.stringMatching(problem) }
  await expect(opened(archive)).rejects.toMatchObject(refused)
})

test('a docker archive with layers in zstd is read', async () => {
  const files = dockerFiles(local, blobs).map(([header, content]): ArchiveFile => {
    const isLayer = header.name.endsWith('layer.tar') && header.type === undefined
    return [header, isLayer ? zstdCompressSync(content) : content]
  })
  const content = await opened(await archiveOf(files))
  expect((await lockContent(content)).lock.images.map(({ reference }) => reference)).toEqual(
    local.map(({ reference }) => reference),
  )
})
