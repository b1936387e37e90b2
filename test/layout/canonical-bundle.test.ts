import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pack } from 'tar-stream'
import { beforeAll, expect, test } from 'vitest'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { encodeHeader } from '../../src/bundle/format/tar-header.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { bundleBytes } from '../support/bundle-maker.ts'
import type { Blobs } from '../support/image-maker.ts'
import { fc, runs } from '../support/property.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const BLOCK = 512
const blobs: Blobs = new Map()
let original: Buffer

beforeAll(async () => {
  const files = [{ name: 'nodeseed/seed.sh', content: '#!/bin/sh\n' }]
  original = bundleBytes(planBundle({ version: 1, images: await shopImages(blobs) }, files), blobs)
})

async function openBytes(bytes: Uint8Array): Promise<void> {
  const path = join(await temporaryDirectory(), 'b.tar')
  await writeFile(path, bytes)
  await (await openBundle(path)).close()
}

/** Where each file begins with its header, as the headers themselves say. */
function headersOf(bytes: Buffer): { name: string; at: number; size: number }[] {
  const headers = []
  for (let at = 0; bytes[at] !== 0; ) {
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8)
    headers.push({ name: bytes.toString('latin1', at, bytes.indexOf(0, at)), at, size })
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return headers
}

const header = (name: string, size = 0) => Buffer.from(encodeHeader(name, size))
const entry = (name: string, content = '') =>
  Buffer.concat([
    header(name, content.length),
    Buffer.from(content),
    Buffer.alloc(content ? BLOCK - content.length : 0),
  ])
/** The same header with one field changed, and a checksum that fits. */
function withField(block: Buffer, at: number, text: string): Buffer {
  const changed = Buffer.from(block)
  changed.write(text, at)
  changed.fill(0x20, 148, 156)
  const sum = changed.reduce((total, byte) => total + byte, 0)
  changed.write(`${sum.toString(8).padStart(6, '0')} \0`, 148)
  return changed
}
const insert = (bytes: Buffer, at: number, added: Buffer) =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)])
const replace = (bytes: Buffer, at: number, block: Buffer) =>
  Buffer.concat([bytes.subarray(0, at), block, bytes.subarray(at + block.length)])

type Change = (bytes: Buffer) => Buffer
const firstBlob = (bytes: Buffer) => headersOf(bytes).find(({ name }) => name.startsWith('blobs/'))!
const script = (bytes: Buffer) => headersOf(bytes).find(({ name }) => name === 'nodeseed/seed.sh')!
const end = (bytes: Buffer) => bytes.length - 2 * BLOCK

test.for<[what: string, change: Change]>([
  ['an entry with an empty name', (bytes) => insert(bytes, firstBlob(bytes).at, header(''))],
  ['an entry whose name ends with a slash', (bytes) => insert(bytes, firstBlob(bytes).at, header('nodeseed/seed.sh/'))],
  [
    'a script that GNU.sparse.name gives another name',
    (bytes) =>
      insert(
        bytes,
        script(bytes).at,
        Buffer.concat([withField(header('x', 40), 156, 'x'), paxOf('GNU.sparse.name=y')]),
      ),
  ],
  [
    'a global pax header',
    (bytes) => insert(bytes, 0, Buffer.concat([withField(header('x', 40), 156, 'g'), paxOf('path=nodeseed/seed.sh')])),
  ],
  ['a lone block of zeros', (bytes) => insert(bytes, firstBlob(bytes).at, Buffer.alloc(BLOCK))],
  ['a file behind the end', (bytes) => Buffer.concat([bytes, entry('nodeseed/seed.sh', 'evil')])],
  ['a byte behind the end', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
  ['zeros behind the end', (bytes) => Buffer.concat([bytes, Buffer.alloc(10240)])],
  ['a file between the last blob and the end', (bytes) => insert(bytes, end(bytes), entry('index.json', '{}'))],
  ['a second index.json', (bytes) => insert(bytes, firstBlob(bytes).at, entry('index.json', '{}'))],
  [
    'a script that was moved behind the blobs',
    (bytes) => {
      const { at, size } = script(bytes)
      const length = BLOCK + Math.ceil(size / BLOCK) * BLOCK
      const moved = bytes.subarray(at, at + length)
      const rest = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
      return insert(rest, end(rest), Buffer.from(moved))
    },
  ],
  [
    'another mode',
    (bytes) =>
      replace(
        bytes,
        script(bytes).at,
        withField(bytes.subarray(script(bytes).at, script(bytes).at + BLOCK), 100, '000755 '),
      ),
  ],
  [
    'an owner',
    (bytes) =>
      replace(
        bytes,
        script(bytes).at,
        withField(bytes.subarray(script(bytes).at, script(bytes).at + BLOCK), 265, 'root'),
      ),
  ],
  [
    'a link',
    (bytes) =>
      replace(bytes, script(bytes).at, withField(bytes.subarray(script(bytes).at, script(bytes).at + BLOCK), 156, '1')),
  ],
  [
    'padding that is not zero',
    (bytes) => replace(bytes, script(bytes).at + BLOCK + script(bytes).size, Buffer.from('#')),
  ],
  [
    'another name for a blob',
    (bytes) =>
      replace(
        bytes,
        firstBlob(bytes).at,
        withField(bytes.subarray(firstBlob(bytes).at, firstBlob(bytes).at + BLOCK), 0, 'blobs/sha256/..'),
      ),
  ],
  [
    'an index.json that has one blank more in its place',
    (bytes) => replace(bytes, bytes.indexOf('"schemaVersion"') + 17, Buffer.from(' ')),
  ],
])('%s is refused', async ([, change]) => {
  const changed = change(original)
  expect(changed.equals(original)).toBe(false)
  await expect(openBytes(changed)).rejects.toMatchObject({ code: 'BUNDLE_INVALID' })
  await openBytes(original)
})

function paxOf(record: string): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(`${record.length + 4} ${record}\n`.padEnd(40, '\n'))
  return block
}

test('the first byte that differs is named', async () => {
  const { at } = script(original)
  const changed = Buffer.from(original)
  changed[at + 300] = 1
  await expect(openBytes(changed)).rejects.toMatchObject({
    message: expect.stringContaining(`byte ${at + 300} is not`),
  })
})

test('every single byte outside of blobs and carried files counts', async () => {
  const contents = headersOf(original).filter(
    ({ name }) => !['oci-layout', 'index.json', 'nodeseed/bundle.json'].includes(name),
  )
  const isFree = (at: number) => contents.some((file) => at >= file.at + BLOCK && at < file.at + BLOCK + file.size)
  await fc.assert(
    fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
      const changed = Buffer.from(original)
      changed[at]! ^= difference
      const opened = openBytes(changed)
      if (isFree(at)) await opened
      else await expect(opened, `byte ${at}`).rejects.toMatchObject({ code: 'BUNDLE_INVALID' })
    }),
    { numRuns: runs(150) },
  )
})

test('headers are those of tar-stream, so that every tar reads them', async () => {
  const names = ['oci-layout', `blobs/sha256/${'a'.repeat(64)}`, `blobs/sha384/${'b'.repeat(96)}`]
  for (const name of names) {
    for (const size of [0, 1, 511, 512, 8 ** 11 - 1, 8 ** 11, 2 ** 45]) {
      expect(Buffer.from(encodeHeader(name, size)).equals(await packedHeader(name, size)), `${name} ${size}`).toBe(true)
    }
  }
})

async function packedHeader(name: string, size: number): Promise<Buffer> {
  const archive = pack()
  archive.on('error', () => {})
  archive.entry({ name, size, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 }).on('error', () => {})
  for await (const header of archive as AsyncIterable<Buffer>) return header
  throw new Error('no header')
}

test('a digest that no tar header has room for is refused before anything is written', async () => {
  const [image] = await shopImages(new Map())
  const target = { ...image!.target, digest: digestOf('index', 'sha512') }
  expect(() => planBundle({ version: 1, images: [{ ...image!, target }] })).toThrow(
    /sha512:.* is too long for the name/,
  )
})
