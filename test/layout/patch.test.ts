import { createHash } from 'node:crypto'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ExpectedError } from '../../src/errors.ts'
import { makePatch } from '../../src/layout/patch/make-patch.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { tarOf } from '../support/image-maker.ts'
import { fc, runs } from '../support/property.ts'
import { blobOf } from './blob-of.ts'
import { appliedPatch, patchBytes } from './patch-bytes.ts'

test('any tar, any edits, any writer: the same layer again, or no patch', async () => {
  let made = 0
  await fc.assert(
    fc.asyncProperty(tars(), edits(), writers(), writers(), async (files, changes, writer, writerBefore) => {
      const old = await tarOf(files.map(({ name, content }) => [{ name }, content]))
      const now = await tarOf(changed(files, changes).map(({ name, content }) => [{ name }, content]))
      const [base, layer] = [writerBefore(old), writer(now)]
      const patch = await patchBytes(blobOf(layer, 5000), blobOf(base, 5000))
      if (!patch) return
      made++
      expect(patch.length).toBeLessThan(layer.length)
      expect((await appliedPatch(patch, blobOf(base, 5000))).equals(layer)).toBe(true)
    }),
    { numRuns: runs(20) },
  )
  expect(made).toBeGreaterThan(0)
})

test('a patch that somebody changed is refused, or makes other bytes; it never fails otherwise', async () => {
  const files = ['a', 'b', 'c'].map((name) => ({ name, content: Buffer.from(noise(name, 12_000).toString('hex')) }))
  const now = files.map(({ name, content }) => ({ name, content: Buffer.concat([content, Buffer.from('more')]) }))
  const base = gzipSync(await tarOf(files.map(({ name, content }) => [{ name }, content])))
  const layer = gzipSync(await tarOf(now.map(({ name, content }) => [{ name }, content])))
  const patch = await patchBytes(blobOf(layer, 5000), blobOf(base, 5000))
  if (!patch) throw new Error('no patch')
  await fc.assert(
    fc.asyncProperty(fc.nat(patch.length - 1), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
      const other = patch.slice()
      other[at]! ^= difference
      try {
        const bytes = await appliedPatch(other, blobOf(base, 5000))
        expect(bytes.length).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error).toBeInstanceOf(ExpectedError)
      }
    }),
    { numRuns: runs(150) },
  )
})

test('what moved far away within a large file costs nothing, also where little repeats', async () => {
  const [one, two] = [noise('one', 6_000_000), noise('two', 6_000_000)]
  const [base, layer] = [
    await tarOf([[{ name: 'a' }, Buffer.concat([one, two])]]),
    await tarOf([
      [{ name: 'b' }, two],
      [{ name: 'c' }, one],
    ]),
  ]
  const patch = await patchBytes(blobOf(layer), blobOf(base))
  expect(patch?.length).toBeLessThan(5000)
  expect((await appliedPatch(patch!, blobOf(base))).equals(layer)).toBe(true)
})

test.each<[what: string, base: Buffer, change: (base: Buffer) => void, code: string | undefined]>([
  ['a base that was changed', gzipSync(noise('old', 3000)), (base) => base.writeUInt8(1, 2000), 'CONTENT_MISMATCH'],
  ['a base whose last byte was changed', noise('old', 3000), (base) => base.writeUInt8(1, 2999), 'CONTENT_MISMATCH'],
  ['a base that was cut off', gzipSync(noise('old', 3000)), (base) => base.fill(0, 1000), 'CONTENT_MISMATCH'],
  ['a base that nothing here unpacks', Buffer.from('fd377a585a000000', 'hex'), () => {}, undefined],
  ['a base that only begins as gzip', Buffer.from('1f8b08ffffffff', 'hex'), () => {}, undefined],
])('of %s no patch is made', async (_, base, change, code) => {
  const layer = gzipSync(noise('new', 3000))
  const changed = Buffer.from(base)
  change(changed)
  const made = makePatch(blobOf(layer), { ...blobOf(changed), digest: digestOf(base), size: base.length })
  if (code) await expect(made).rejects.toMatchObject({ code })
  else expect(await made).toEqual({ whole: expect.stringContaining('the text that it is to be made of cannot be had') })
})

test.each<[layer: string, bytes: Buffer, reason: string]>([
  ['zstd', zstdCompressSync(noise('new', 3000)), 'compressed with zstd'],
  [
    'a gzip header that nobody writes',
    Buffer.concat([
      Buffer.from('1f8b0810000000000003', 'hex'),
      Buffer.alloc(5000, 'a'),
      Buffer.from([0]),
      gzipSync(noise('new', 3000)).subarray(10),
    ]),
    'cannot be written again to the byte',
  ],
  ['damaged gzip', gzipSync(noise('new', 3000)).subarray(0, 2000), 'its text cannot be had'],
  ['what has nothing in common with the base', gzipSync(noise('new', 3000)), 'would not be smaller'],
  ['two bytes', Buffer.from('ab'), 'would not be smaller'],
  ['no bytes', Buffer.alloc(0), 'would not be smaller'],
])('a layer of %s travels whole, and it is said why', async (_, layer, reason) => {
  const made = await makePatch(blobOf(layer), blobOf(gzipSync(noise('old', 3000))))
  expect(made).toEqual({ whole: expect.stringContaining(reason) })
})

interface TarFile {
  readonly name: string
  readonly content: Buffer
}

interface Edit {
  readonly file: number
  readonly at: number
  readonly kind: 'write' | 'insert' | 'remove' | 'rename' | 'add'
  readonly bytes: Uint8Array
}

function tars(): fc.Arbitrary<TarFile[]> {
  const content = fc.oneof(
    fc.tuple(fc.nat(20_000), fc.string()).map(([length, seed]) => noise(seed, length)),
    fc.nat(5000).map((length) => Buffer.alloc(length, 'text of a file\n')),
  )
  const name = fc.tuple(fc.constantFrom('bin', 'usr/lib', 'a'.repeat(90)), fc.nat(99)).map((parts) => parts.join('/f'))
  return fc.uniqueArray(fc.record({ name, content }), { selector: (file) => file.name, minLength: 1, maxLength: 8 })
}

/** Those that Node has, in one member or several. What other programs write, test/deflate takes apart. */
function writers(): fc.Arbitrary<(tar: Buffer) => Buffer> {
  const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants
  const options = fc.record({
    level: fc.integer({ min: 0, max: 9 }),
    memLevel: fc.integer({ min: 1, max: 9 }),
    strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED),
  })
  return fc.oneof(
    options.map((how) => (tar: Buffer) => gzipSync(tar, how)),
    fc
      .nat(9000)
      .map((at) => (tar: Buffer) => Buffer.concat([gzipSync(tar.subarray(0, at)), gzipSync(tar.subarray(at))])),
    fc.constant((tar: Buffer) => tar),
    fc.constant((tar: Buffer) => zstdCompressSync(tar)),
  )
}

function edits(): fc.Arbitrary<Edit[]> {
  const kind = fc.constantFrom('write', 'insert', 'remove', 'rename', 'add')
  return fc.array(fc.record({ file: fc.nat(), at: fc.nat(), kind, bytes: fc.uint8Array({ maxLength: 60 }) }), {
    maxLength: 6,
  })
}

function changed(files: readonly TarFile[], changes: readonly Edit[]): TarFile[] {
  const result = [...files]
  for (const { file, at, kind, bytes } of changes) {
    const index = file % result.length
    const { name, content } = result[index]!
    const place = at % (content.length + 1)
    if (kind === 'add') result.push({ name: `new/${result.length}`, content: Buffer.from(bytes) })
    else if (kind === 'rename') result[index] = { name: `${name}.1`, content }
    else {
      const behind = content.subarray(kind === 'insert' ? place : place + bytes.length)
      const middle = kind === 'remove' ? [] : [Buffer.from(bytes)]
      result[index] = { name, content: Buffer.concat([content.subarray(0, place), ...middle, behind]) }
    }
  }
  return result
}

function noise(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest()
}
