import { execFileSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { beforeAll, expect, test, vi } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { lockContent } from '../../src/bundle/lock/lock-content.ts'
import { ExpectedError } from '../../src/errors.ts'
import { openContent } from '../../src/layout/open-content.ts'
import {
  type ArchiveFile,
  archiveOf,
  dockerFiles,
  haulerEntries,
  imgpkgFiles,
  layoutFiles,
} from '../support/archive-maker.ts'
import { testWith, tool } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer } from '../support/image-maker.ts'
import { fc, runs } from '../support/property.ts'
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
  ['a name that leads out', withFile([{ name: '../x' }, '']), /leads out of the archive/],
  ['a name twice', withFile([{ name: 'manifest.json' }, '[]']), /"manifest\.json" is there twice/],
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

/** What stands beside the files of an archive and is none of them, and what is said of it. */
const OTHERS: [entry: Partial<ArchiveFile[0]>, said: string][] = [
  [{ type: 'symlink', linkname: '../../etc/passwd' }, 'a link to "../../etc/passwd", which is no file in it'],
  [{ type: 'symlink', linkname: '/etc/passwd' }, 'a link to "/etc/passwd", which is no file in it'],
  [{ type: 'symlink', linkname: 'x' }, 'a link to "x", which is no file in it'],
  [{ type: 'link', linkname: '../x' }, 'a link to "../x", which is no file in it'],
  [{ type: 'block-device' }, 'a device'],
  [{ type: 'character-device' }, 'a device'],
  [{ type: 'fifo' }, 'a named pipe'],
  [{ pax: { 'GNU.sparse.major': '1' } }, 'a sparse file'],
]

test.for(OTHERS)('%o that no image needs is passed over, and said', async ([header, said]) => {
  for (const files of [dockerFiles(images, blobs), layoutFiles(haulerEntries(images), blobs)]) {
    const bytes = await archiveOf([[{ name: 'x', ...header }, ''], ...files])
    const caveats = [expect.anything(), `passed over as no file: "x" (${said})`]
    expect(await opening(bytes)).toMatchObject({ caveats })
    // The same thing in place of a layer is missed, and named.
    const [name = ''] = files.map(([file]) => file.name).filter((one) => one.endsWith('/layer.tar'))
    if (name === '') continue
    const instead = files.map(
      ([file, content]): ArchiveFile => (file.name === name ? [{ ...header, name }, ''] : [file, content]),
    )
    const error = await opening(await archiveOf(instead))
    expect(error).toMatchObject({
      code: 'BUNDLE_INVALID',
      message: expect.stringMatching(/lacks .* passed over as no file/),
    })
  }
})

/** Changes the header of an entry of a tar that holds it alone, so that its checksum is right. */
const withType = (tar: Buffer, type: string, change: (header: Buffer) => void = () => {}): Buffer => {
  const header = Buffer.from(tar.subarray(0, 512))
  header.write(type, 156)
  change(header)
  header.fill(' ', 148, 156)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return Buffer.concat([header, tar.subarray(512, -1024)])
}

test('a label, a sparse file as GNU writes it and the same file twice are passed over', async () => {
  const files = dockerFiles(images, blobs)
  const sparse = await archiveOf([[{ name: 'holes' }, Buffer.alloc(700, 'h')]])
  const more = Buffer.alloc(1024)
  more[504] = 1
  const [header, content] = [sparse.subarray(0, 512), sparse.subarray(512)]
  const bytes = Buffer.concat([
    withType(await archiveOf([[{ name: 'label' }, '']]), 'V'),
    withType(Buffer.concat([header, more, content]), 'S', (block) => block.writeUInt8(1, 482)),
    await archiveOf([...files, ...files]),
  ])
  expect(await opening(bytes)).toMatchObject({
    caveats: [expect.anything(), 'passed over as no file: "label" (the label of the archive), "holes" (a sparse file)'],
  })
  const fifo = withType(await archiveOf([[{ name: 'x' }, 'content']]), '6')
  expect(await opening(Buffer.concat([fifo, bytes]))).toMatchObject({
    message: expect.stringMatching(/"x" is no file with/),
  })
})

test.for<[what: string, join: (one: Buffer, two: Buffer) => Buffer, message: RegExp]>([
  [
    'two that were joined',
    (one, two) => Buffer.concat([one, two]),
    /another archive begins behind its end, at byte \d+$/,
  ],
  ['two, packed and joined', (one, two) => Buffer.concat([gzipSync(one), gzipSync(two)]), /another archive begins/],
  [
    'two, packed, filled up and joined',
    (one, two) => Buffer.concat([gzipSync(one), Buffer.alloc(512), gzipSync(two)]),
    /data behind its end|incorrect header/,
  ],
  [
    'two, in frames of zstd',
    (one, two) => Buffer.concat([zstdCompressSync(one), zstdCompressSync(two)]),
    /another archive/,
  ],
  [
    'one block of zeros between them',
    (one, two) => Buffer.concat([one.subarray(0, -512), two]),
    /another archive begins/,
  ],
  ['many zeros between them', (one, two) => Buffer.concat([one, Buffer.alloc(3 << 20), two]), /another archive begins/],
  ['something else behind it', (one) => Buffer.concat([one, Buffer.from('more')]), /something is behind its end/],
])('of an archive nothing is left unread: %s', async ([, join, message]) => {
  const [first, second] = [await archiveOf(dockerFiles(images, blobs)), await archiveOf([[{ name: 'a' }, 'b']])]
  expect(await opening(Buffer.concat([first, Buffer.alloc(9216)]))).toMatchObject({ caveats: [expect.anything()] })
  expect(await opening(join(first, second))).toMatchObject({
    code: 'BUNDLE_INVALID',
    message: expect.stringMatching(message),
    hint: expect.anything(),
  })
})

const PACKED: [tool: 'lz4' | 'xz' | 'bzip2' | 'zstd', flags: string[]][] = [
  ['lz4', ['-z']],
  ['xz', ['-0']],
  ['bzip2', []],
  ['zstd', ['-1', '--long=30']],
]
for (const [name, flags] of PACKED) {
  testWith([name])(`what ${name} packs is unpacked by it, and damage is said`, async () => {
    // From standard input, of which zstd does not know how long it is: it says that it may need the whole window.
    const packed = execFileSync(tool(name), [...flags, '-q', '-c'], {
      input: await archiveOf(dockerFiles(images, blobs)),
    })
    vi.stubEnv('PATH', dirname(tool(name)))
    expect(await opening(packed)).toMatchObject({ names: expect.any(Map) })
    expect(await opening(packed.subarray(0, -30))).toMatchObject({
      code: 'BUNDLE_INVALID',
      message: expect.stringContaining(`(${name})`),
    })
    expect(await opening(Buffer.concat([packed, Buffer.alloc(2048, 'more')]))).toMatchObject({ code: 'BUNDLE_INVALID' })
    vi.unstubAllEnvs()
  })
}

test('a window that is larger than zstd takes is no damage', async () => {
  // A frame whose window is 2^41 bytes, and an empty block.
  expect(await opening(Buffer.from('28b52ffd00f8010000', 'hex'))).toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('its window (zstd --long) is larger'),
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
  [
    'lz4',
    () => Buffer.from('04224d186440a70c', 'hex'),
    'UNSUPPORTED',
    /compressed with lz4, and there is no program lz4 on/,
  ],
  ['xz', () => Buffer.from('fd377a585a000004', 'hex'), 'UNSUPPORTED', /compressed with xz/],
  ['bzip2', () => Buffer.from('BZh91AY&SY'), 'UNSUPPORTED', /compressed with bzip2/],
])('what is %s is refused, and leaves no file', async ([, make, code, message]) => {
  const temporary = await temporaryDirectory()
  vi.stubEnv('TMPDIR', temporary)
  vi.stubEnv('PATH', '')
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
