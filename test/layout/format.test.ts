import { createHash, createVerify } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { makeKeyPair, signIndex } from '../../src/bundle/format/signature.ts'
import { encodeHeader } from '../../src/bundle/format/tar-header.ts'
import { HELM_CHART, HELM_CONFIG, indexOver, lockedArtifact, makeArtifact } from '../support/artifact-maker.ts'
import { bundleBytes } from '../support/bundle-maker.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'

/* A bundle written by docs/format.md alone, without code of src/: they agree as far as the page is true and complete. */
interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const sha256 = (bytes: Uint8Array | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

function header(name: string, size: number): Buffer {
  const bytes = Buffer.alloc(512)
  const slash = Buffer.byteLength(name) > 100 ? name.lastIndexOf('/') : -1
  bytes.write(name.slice(slash + 1), 0)
  if (slash > 0) bytes.write(name.slice(0, slash), 345)
  for (const [at, text] of [
    [100, '000644 '],
    [108, '000000 '],
    [116, '000000 '],
    [329, '000000 '],
    [337, '000000 '],
  ] as const) {
    bytes.write(text, at)
  }
  if (size < 0o100000000000) bytes.write(`${size.toString(8).padStart(11, '0')} `, 124)
  else {
    bytes[124] = 0x80
    bytes.writeBigUInt64BE(BigInt(size), 128)
  }
  bytes.write('00000000000 ', 136)
  bytes.write('0', 156)
  bytes.write('ustar\0', 257)
  bytes.write('00', 263)
  bytes.write('        ', 148)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')} \0`, 148)
  return bytes
}

function write(
  images: readonly LockedImage[],
  carried: Record<string, string>,
  blobs: Blobs,
  without: Set<string>,
): Buffer {
  const documents = images.flatMap(({ target, indexes = [], platforms, artifacts = [] }) => [
    ...[target, ...indexes],
    ...platforms.flatMap(({ manifest, config }) => [manifest, config]),
    ...artifacts.map(({ manifest }) => manifest),
  ])
  const attached = images.flatMap(({ attachments = [] }) => attachments.flatMap((one) => [one.target, ...one.blobs]))
  const firsts = firstOfEach<Descriptor>([...documents, ...attached])
  const known = new Set(firsts.map(({ digest }) => digest))
  const layers = firstOfEach(
    images.flatMap(({ platforms, artifacts = [] }) => [
      ...platforms.flatMap((platform) => platform.layers),
      ...artifacts.flatMap(({ blobs }) => blobs),
    ]),
  )
  const ownLayers = layers.filter(({ digest }) => !known.has(digest))
  const held = [...firsts, ...ownLayers.filter(({ digest }) => !without.has(digest))]
  const requires = ownLayers.filter(({ digest }) => without.has(digest)).map(({ digest, size }) => ({ digest, size }))
  const files = Object.keys(carried)
    .sort()
    .map((name) => ({
      name,
      digest: sha256(carried[name]!),
      size: Buffer.byteLength(carried[name]!),
    }))
  const lock = { version: 1, edition: EDITION, images: images.map(inOrder) }
  const tableWith = (entries: unknown[]) =>
    JSON.stringify({ version: 1, lock, blobs: entries, ...(requires.length > 0 && { requires }), files })
  const widest = held.map(({ digest, size }) => ({ digest, size, offset: 9007199254740991 }))
  const tableLength = Buffer.byteLength(tableWith(widest)) + 1
  const empty = `sha256:${'0'.repeat(64)}`
  const sizes: [string, number][] = [
    ['oci-layout', 31],
    ['index.json', Buffer.byteLength(index(images, empty, empty))],
    ['nodeseed/bundle.json', tableLength],
    ...files.map(({ name, size }): [string, number] => [name, size]),
    ...held.map(({ digest, size }): [string, number] => [`blobs/${digest.replace(':', '/')}`, size]),
  ]
  const frame: Buffer[] = []
  const offsets = new Map<string, number>()
  let end = 0
  for (const [name, size] of sizes) {
    offsets.set(name, end + 512)
    frame.push(header(name, size), Buffer.alloc(-size & 511))
    end += 512 + size + (-size & 511)
  }
  frame.push(Buffer.alloc(1024))
  const places = held.map(({ digest, size }) => ({
    digest,
    size,
    offset: offsets.get(`blobs/${digest.replace(':', '/')}`),
  }))
  const table = `${tableWith(places).padEnd(tableLength - 1)}\n`
  const contents = new Map<string, Buffer | string>([
    ['oci-layout', '{"imageLayoutVersion":"1.0.0"}\n'],
    ['index.json', index(images, sha256(table), sha256(Buffer.concat(frame)))],
    ['nodeseed/bundle.json', table],
    ...Object.entries(carried),
    ...[...blobs].map(([digest, bytes]): [string, Buffer] => [`blobs/${digest.replace(':', '/')}`, bytes]),
  ])
  const all = sizes.flatMap(([name, size]) => [
    header(name, size),
    Buffer.from(contents.get(name)!),
    Buffer.alloc(-size & 511),
  ])
  return Buffer.concat([...all, Buffer.alloc(1024)])
}

function inOrder({ reference, names, target, indexes, platforms, artifacts, attachments }: LockedImage) {
  return {
    ...{ reference, names, target, ...(indexes && { indexes }), platforms },
    ...(artifacts && { artifacts }),
    ...(attachments && { attachments }),
  }
}

function firstOfEach<T extends Descriptor>(descriptors: readonly T[]): T[] {
  const seen = new Set<string>()
  return descriptors.filter(({ digest }) => !seen.has(digest) && seen.add(digest))
}

function index(images: readonly LockedImage[], table: string, frame: string): string {
  const isIndex = (type: string) => /image\.index|manifest\.list/.test(type)
  const entries = new Map<string, unknown>()
  for (const { names, target, platforms, artifacts } of images) {
    if (artifacts) continue
    for (const name of names) {
      if (entries.has(name)) continue
      entries.set(name, {
        mediaType: `application/vnd.oci.image.${isIndex(target.mediaType) ? 'index' : 'manifest'}.v1+json`,
        digest: target.digest,
        size: target.size,
        annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
        ...(!isIndex(target.mediaType) && { platform: platforms[0]!.platform }),
      })
    }
  }
  const attached = firstOfEach(
    images.flatMap(({ target, artifacts, attachments = [] }) => [
      ...attachments.map((one) => one.target),
      ...(artifacts ? [target] : []),
    ]),
  )
  return `${JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      ...[...entries.keys()].sort().map((name) => entries.get(name)),
      ...attached.sort((a, b) => (a.digest < b.digest ? -1 : 1)),
    ],
    annotations: { 'dev.nodeseed.bundle-table': table, 'dev.nodeseed.bundle-frame': frame },
  })}\n`
}

const EDITION = { set: 'shop', number: 7 }
const blobs: Blobs = new Map()
const carried = { 'nodeseed/seed.sh': '#!/bin/sh\n', 'manifest.json': '[]\n', 'nodeseed/names.txt': 'nämes' }
const files = Object.entries(carried).map(([name, content]) => ({ name, content }))
let images: LockedImage[]

/** Indexes, a docker manifest, an index in an index, an attachment, shared layers, names in two images, artifacts. */
beforeAll(async () => {
  const layer = await makeLayer(blobs, { 'etc/motd': 'shared' })
  const part = makeImage(blobs, [layer, await makeLayer(blobs, { a: 'b' })], { docker: true })
  const inner = makeIndex(blobs, [part])
  const nested = lockImage('registry.example/nested', '1', makeIndex(blobs, [part]), [part])
  const signature = makeImage(blobs, [layer])
  const attachment = { subject: part.manifest.digest, tag: 'sha256-x.sig', target: plain(signature.manifest) }
  images = [
    ...(await shopImages(blobs)).map(plainImage),
    plainImage(lockImage('registry.example/single', '1', part.manifest, [part])),
    {
      ...plainImage(nested),
      indexes: [inner],
      attachments: [{ ...attachment, blobs: [signature.config, ...signature.layers] }],
    },
    ...artifacts(),
  ]
})

/** A chart by itself, and an index of two models that share their config. */
function artifacts(): LockedImage[] {
  const chart = makeArtifact(blobs, { configType: HELM_CONFIG, layers: [[HELM_CHART, 'chart']] })
  const models = ['small', 'large'].map((text) => makeArtifact(blobs, { layers: [['text/plain', text]] }))
  return [
    { ...lockImage('registry.example/chart', '1', chart, []), artifacts: [lockedArtifact(blobs, chart)] },
    {
      ...lockImage('registry.example/models', '1', indexOver(blobs, models), []),
      artifacts: models.map((one) => lockedArtifact(blobs, one)),
    },
  ]
}

function plain<T extends Descriptor>({ mediaType, digest, size }: T) {
  return { mediaType, digest, size } as T
}

function plainImage(image: LockedImage): LockedImage {
  const platforms = image.platforms.map((one) => ({ ...one, manifest: plain(one.manifest) }))
  return { ...image, target: plain(image.target), platforms }
}

test('what the page says makes the same bundle, byte for byte', () => {
  const ours = bundleBytes(planBundle({ version: 1, edition: EDITION, images }, files), blobs)
  expect(write(images, carried, blobs, new Set()).equals(ours)).toBe(true)
})

test('and the same delta', () => {
  const without = new Set(images.flatMap(({ platforms }) => platforms.flatMap(({ layers }) => layers[0]!.digest)))
  const ours = bundleBytes(planBundle({ version: 1, edition: EDITION, images }, files, { without }), blobs)
  expect(ours.toString()).toContain('"requires":[{')
  expect(write(images, carried, blobs, without).equals(ours)).toBe(true)
})

test('and the same bundle of nothing', () => {
  expect(
    write([], {}, new Map(), new Set()).equals(
      bundleBytes(planBundle({ version: 1, edition: EDITION, images: [] }), new Map()),
    ),
  ).toBe(true)
})

test.for([0, 1, 0o77777777777, 0o100000000000, 2 ** 50])('and the same header for %d bytes', (size) => {
  const name = `blobs/sha384/${'a'.repeat(96)}`
  expect(header(name, size).equals(Buffer.from(encodeHeader(name, size)))).toBe(true)
})

test('a signature is what any program with ECDSA checks', () => {
  const { privateKey, publicKey } = makeKeyPair()
  const content = Buffer.from(index(images, sha256(''), sha256('')))
  const signature = Buffer.from(signIndex(content, privateKey), 'base64')
  expect(createVerify('sha256').update(content).verify(publicKey, signature)).toBe(true)
})
