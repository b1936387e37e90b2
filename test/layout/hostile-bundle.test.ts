import { createWriteStream } from 'node:fs'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Header, pack } from 'tar-stream'
import { expect, test } from 'vitest'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { encodeHeader } from '../../src/bundle/format/tar-header.ts'
import { ExpectedError } from '../../src/errors.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { ByteFile } from '../../src/layout/files/byte-file.ts'
import { openContent } from '../../src/layout/open-content.ts'
import { indexTar } from '../../src/layout/tar/tar-index.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { bundleBytes } from '../support/bundle-maker.ts'
import { fc, runs } from '../support/property.ts'
import { temporaryDirectory } from '../support/temporary.ts'

type Entry = Partial<Header> & { name: string; content?: Buffer }

const BLOB = Buffer.from('a blob')
const BLOB_NAME = `blobs/sha256/${digestOf(BLOB).slice(7)}`
const EMPTY_LOCK = { version: 1, images: [] }

async function writeTar(path: string, entries: readonly Entry[]): Promise<string> {
  const archive = pack()
  for (const { content = Buffer.alloc(0), ...header } of entries) {
    archive.entry({ mtime: new Date(0), ...header, size: content.length }, content)
  }
  archive.finalize()
  await pipeline(archive as unknown as NodeJS.ReadableStream, createWriteStream(path))
  return path
}

/** An OCI image layout as a tar, and what a test adds to it. */
async function writeLayout(more: readonly Entry[]): Promise<string> {
  const path = join(await temporaryDirectory(), 'hostile.tar')
  const index = Buffer.from('{"schemaVersion":2,"manifests":[]}')
  return writeTar(path, [{ name: 'oci-layout' }, { name: 'index.json', content: index }, ...more])
}

/** What begins as a bundle and has this table. */
async function writeTable(table: unknown): Promise<string> {
  const content = Buffer.from(typeof table === 'string' ? table : JSON.stringify(table))
  const path = join(await temporaryDirectory(), 'hostile.tar')
  const layout = Buffer.from('{"imageLayoutVersion":"1.0.0"}\n')
  return writeTar(path, [
    { name: 'oci-layout', content: layout },
    { name: 'index.json', content: Buffer.from('{}') },
    { name: 'nodeseed/bundle.json', content },
    { name: BLOB_NAME, content: BLOB },
  ])
}

const table = (blobs: unknown[]) => ({ version: 1, lock: EMPTY_LOCK, blobs, files: [] })

test.for<[what: string, entries: Entry[], message: RegExp]>([
  ['a name that leads out', [{ name: 'a/../../etc/passwd' }], /leads out of the archive/],
  ['an absolute name', [{ name: '/etc/passwd' }], /leads out of the archive/],
  ['a backslash', [{ name: 'a\\b' }], /leads out of the archive/],
  ['a name twice', [{ name: 'x' }, { name: './x', content: BLOB }], /"x" is there twice/],
  ['a link and a file of one name', [{ name: 'x' }, { name: 'x', type: 'link', linkname: 'y' }], /"x" is there twice/],
  ['a bundle that was packed anew', [{ name: 'nodeseed/bundle.json' }], /but not where a bundle has it/],
])('%s is refused', async ([, entries, message]) => {
  await expect(openContent(await writeLayout(entries))).rejects.toMatchObject({
    code: 'BUNDLE_INVALID',
    message,
  })
})

test.for<[what: string, content: unknown, message: RegExp]>([
  ['no JSON', '{', /nodeseed\/bundle\.json is not JSON/],
  ['deep JSON', `${'['.repeat(1e5)}${']'.repeat(1e5)}`, /nodeseed\/bundle\.json is not JSON/],
  ['another version', { ...table([]), version: 2 }, /version 2 is not 1/],
  ['a list', [], /expected an object/],
  ['a digest with slashes', table([{ digest: 'sha256:../../x', size: 1, offset: 1 }]), /blobs\[0\]: expected a digest/],
  ['a size that is no number', table([{ digest: digestOf(BLOB), size: '6', offset: 0 }]), /expected a count of bytes/],
  [
    'a size that lies',
    table([{ digest: digestOf(BLOB), size: 1e12, offset: 2048 }]),
    /byte \d+ is not what its table makes of it/,
  ],
  [
    'a blob twice',
    table([1, 2].map(() => ({ digest: digestOf(BLOB), size: 6, offset: 0 }))),
    /byte \d+ is not what its table makes of it/,
  ],
  [
    'a descriptor that is none',
    { ...table([]), lock: { version: 1, images: [{ reference: 'a', names: [], target: {} }] } },
    /not a descriptor/,
  ],
])('a table with %s is refused', async ([, content, message]) => {
  const path = await writeTable(content)
  await expect(openBundle(path)).rejects.toMatchObject({ message })
  await expect(openBundle(path)).rejects.toBeInstanceOf(ExpectedError)
})

test('documents of a gigabyte are not read', async () => {
  const path = join(await temporaryDirectory(), 'huge.tar')
  const layout = '{"imageLayoutVersion":"1.0.0"}\n'
  const head = [encodeHeader('oci-layout', layout.length), Buffer.from(layout.padEnd(512, '\0'))]
  const rest = [encodeHeader('index.json', 0), encodeHeader('nodeseed/bundle.json', 1e9)]
  await writeFile(path, Buffer.concat([...head, ...rest]))
  await truncate(path, 2e9)
  await expect(openBundle(path)).rejects.toThrow(/nodeseed\/bundle\.json has 1\.0 GB, more than a document may/)
})

test('an entry that claims more than the file has is a cut off file', async () => {
  const path = join(await temporaryDirectory(), 'short.tar')
  await writeFile(path, Buffer.concat([encodeHeader('x', 9e15), Buffer.alloc(5000)]))
  await expect(openContent(path)).rejects.toThrow(/ends after \d+ bytes, in the middle of a file/)
})

const names = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9_ äöü-]{1,60}$/), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'))
  .filter((name) => !name.endsWith(' '))
const files = fc.uniqueArray(fc.record({ name: names, content: fc.uint8Array({ maxLength: 3000 }) }), {
  selector: ({ name }) => name,
  maxLength: 8,
})

test('what tar-stream packs is found where it is, long names and other alphabets too', async () => {
  const path = join(await temporaryDirectory(), 'any.tar')
  await fc.assert(
    fc.asyncProperty(files, async (entries) => {
      await writeTar(
        path,
        entries.map(({ name, content }) => ({ name, content: Buffer.from(content) })),
      )
      const file = await ByteFile.open(path)
      const { entries: index } = await indexTar(file)
      for (const { name, content } of entries) {
        const { offset, size } = index.get(name)!
        expect((await file.read(offset, size)).equals(content)).toBe(true)
      }
      expect(index.size).toBe(entries.length)
      await file.close()
    }),
    { numRuns: runs(60) },
  )
})

test('damage anywhere ends in an error that says so, or in the same files', async () => {
  const path = join(await temporaryDirectory(), 'damaged.tar')
  const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 5,
  })
  await fc.assert(
    fc.asyncProperty(damage, fc.double({ min: 0.1, max: 1, noNaN: true }), async (changes, keep) => {
      const original = wholeBundle()
      const bytes = Buffer.from(original.subarray(0, Math.ceil(original.length * keep)))
      for (const [at, value] of changes) bytes[Math.floor(at * (bytes.length - 1))] = value
      await writeFile(path, bytes)
      const result = await openBundle(path).then(
        (bundle) => bundle.close().then(() => 'opened'),
        (error) => error,
      )
      expect(result === 'opened' || result instanceof ExpectedError, String(result)).toBe(true)
    }),
    { numRuns: runs(200) },
  )
})

/** A small bundle as its plan describes it. */
function wholeBundle(): Buffer {
  const files = [{ name: 'nodeseed/seed.sh', content: '#!/bin/sh\n' }]
  return bundleBytes(planBundle({ version: 1, images: [] }, files), new Map())
}
