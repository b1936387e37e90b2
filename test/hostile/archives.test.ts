import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, expect, test, vi } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { lockContent } from '../../src/bundle/lock/lock-content.ts'
import { ExpectedError } from '../../src/errors.ts'
import { openContent } from '../../src/layout/open-content.ts'
import { type ArchiveFile, archiveOf, dockerFiles, imgpkgFiles } from '../support/archive-maker.ts'
import { type Blobs, lockImage, makeImage, makeLayer } from '../support/image-maker.ts'
import { runs } from '../support/property-runs.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const blobs: Blobs = new Map()
let images: LockedImage[] = []

beforeAll(async () => {
  const base = await makeLayer(blobs, { base: 'base' })
  const part = makeImage(blobs, [base])
  images = [lockImage('docker.io/library/app', 'local', part.manifest, [part])]
})

async function opening(bytes: Buffer): Promise<unknown> {
  const path = join(await temporaryDirectory(), 'x.tar')
  await writeFile(path, bytes)
  try {
    const content = await openContent(path)
    await content.close()
    return content
  } catch (error) {
    return error
  }
}

const without = (name: RegExp) => (files: ArchiveFile[]) => files.filter(([header]) => !name.test(header.name))
const withList = (change: (listed: Record<string, unknown>) => unknown) => (files: ArchiveFile[]) =>
  files.map(([header, content]): ArchiveFile => {
    if (header.name !== 'manifest.json') return [header, content]
    return [header, JSON.stringify([change(JSON.parse(content.toString())[0])])]
  })
const withFile = (file: ArchiveFile) => (files: ArchiveFile[]) => [...files, file]

test.for<[what: string, change: (files: ArchiveFile[]) => ArchiveFile[], message: RegExp]>([
  ['no configuration', without(/\.json$/), /neither a bundle nor an archive of images|an image archive of a docker/],
  ['no layer', without(/layer\.tar$/), /lacks ".*layer\.tar", a layer that its manifest\.json names/],
  ['a list that is none', withList(() => 3), /entry 0: neither an image of docker nor of imgpkg/],
  [
    'more layers than the configuration',
    withList((one) => ({ ...one, Layers: ['a', 'b', 'c'] })),
    /has 1 layers, and manifest\.json lists 3/,
  ],
  [
    'a configuration elsewhere',
    withList((one) => ({ ...one, Config: '../../etc/passwd' })),
    /lacks "\.\.\/\.\.\/etc\/passwd"/,
  ],
  [
    'a layer of another form',
    withList((one) => ({ ...one, Layers: [{ x: 1 }] })),
    /has 1 layers, and manifest\.json lists 0/,
  ],
  [
    'a configuration that is another',
    (files) => files.map(([header, content]) => [header, /^[0-9a-f]{64}\.json/.test(header.name) ? '{}' : content]),
    /is damaged: it hashes to/,
  ],
  [
    'a link that leads out',
    withFile([{ name: 'x', type: 'symlink', linkname: '../../etc/passwd' }, '']),
    /"x" is a link to "\.\.\/\.\.\/etc\/passwd", which is no file in it/,
  ],
  [
    'an absolute link',
    withFile([{ name: 'a/x', type: 'symlink', linkname: '/etc/passwd' }, '']),
    /is a link to "\/etc\/passwd", which is no file in it/,
  ],
  [
    'a link to itself',
    withFile([{ name: 'x', type: 'symlink', linkname: 'x' }, '']),
    /"x" is a link to "x", which is no file in it/,
  ],
  [
    'a hard link that leads out',
    withFile([{ name: 'x', type: 'link', linkname: '../x' }, '']),
    /"x" is a link to "\.\.\/x"/,
  ],
  ['a device', withFile([{ name: 'x', type: 'block-device' }, '']), /neither a file nor a directory/],
  ['a name that leads out', withFile([{ name: '../x' }, '']), /leads out of the archive/],
  ['a name twice', withFile([{ name: 'manifest.json' }, '[]']), /"manifest\.json" is there twice/],
  ['a sparse file', withFile([{ name: 'x', pax: { 'GNU.sparse.major': '1' } }, '']), /"x" is a sparse file/],
  ['only the list of a docker before 1.10', () => [[{ name: 'repositories' }, '{}']], /a docker before 1\.10/],
  ['a zarf package without images', () => [[{ name: 'zarf.yaml' }, 'a: b']], /a zarf package without images/],
  [
    'two layouts',
    () =>
      ['a', 'b'].flatMap((one): ArchiveFile[] => [
        [{ name: `${one}/oci-layout` }, '{}'],
        [{ name: `${one}/index.json` }, '{}'],
      ]),
    /holds several OCI image layouts: a\/, b\//,
  ],
])('an archive with %s is refused', async ([, change, message]) => {
  const error = await opening(await archiveOf(change(dockerFiles(images, blobs))))
  expect(error).toMatchObject({
    code: 'BUNDLE_INVALID',
    message: expect.stringMatching(message),
    hint: expect.anything(),
  })
})

test.for<[what: string, make: (archive: Buffer) => Buffer, code: string, message: RegExp]>([
  ['cut off (gzip)', (archive) => cut(gzipSync(archive)), 'BUNDLE_INVALID', /ends in the middle \(gzip\)/],
  ['cut off (zstd)', (archive) => cut(zstdCompressSync(archive)), 'BUNDLE_INVALID', /ends in the middle \(zstd\)/],
  ['damaged (gzip)', (archive) => broken(gzipSync(archive)), 'BUNDLE_INVALID', /cannot be unpacked: .* \(gzip\)/],
  ['damaged (zstd)', (archive) => broken(zstdCompressSync(archive)), 'BUNDLE_INVALID', /x\.tar: /],
  [
    'with data behind it (zstd)',
    (archive) => Buffer.concat([zstdCompressSync(archive), Buffer.from('more of it')]),
    'BUNDLE_INVALID',
    /data behind its end/,
  ],
  ['a bomb (gzip)', () => gzipSync(Buffer.alloc(300 << 20)), 'BUNDLE_INVALID', /grows to more than 268435456 bytes/],
  [
    'a bomb (zstd)',
    () => zstdCompressSync(Buffer.alloc(300 << 20)),
    'BUNDLE_INVALID',
    /grows to more than 268435456 bytes/,
  ],
  ['lz4', () => Buffer.from('04224d186440a70c', 'hex'), 'UNSUPPORTED', /compressed with lz4, which is not read here/],
  ['xz', () => Buffer.from('fd377a585a000004', 'hex'), 'UNSUPPORTED', /compressed with xz/],
  ['bzip2', () => Buffer.from('BZh91AY&SY'), 'UNSUPPORTED', /compressed with bzip2/],
])('what is %s is refused, and leaves no file', async ([, make, code, message]) => {
  const temporary = await temporaryDirectory()
  vi.stubEnv('TMPDIR', temporary)
  const error = await opening(make(await archiveOf(dockerFiles(images, blobs))))
  expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.anything() })
  vi.unstubAllEnvs()
  expect((await readdir(temporary)).filter((name) => name.startsWith('.nodeseed-'))).toEqual([])
})

test('damage anywhere ends in an error that says so, or in an archive that can be read', async () => {
  const archives = [await archiveOf(dockerFiles(images, blobs)), await archiveOf(imgpkgFiles(images, blobs))]
  const path = join(await temporaryDirectory(), 'x.tar')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...archives), fc.nat(), fc.nat(255), async (archive, at, byte) => {
      const bytes = Buffer.from(archive)
      bytes[at % bytes.length] = byte
      await writeFile(path, bytes)
      try {
        const content = await openContent(path)
        await lockContent(content).finally(() => content.close())
      } catch (error) {
        if (!(error instanceof ExpectedError)) throw error
      }
    }),
    { numRuns: runs(150) },
  )
})

function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length - 20)
}

function broken(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.fill(0xff, Math.floor(copy.length / 2), Math.floor(copy.length / 2) + 16)
  return copy
}
