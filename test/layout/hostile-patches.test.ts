import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { patchFile } from '../../src/bundle/format/patch-files.ts'
import { patchedContents } from '../../src/cli/deltas/patched-contents.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import type { PatchHead, PatchSegment } from '../../src/layout/patch/layer-patch.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Blobs, lockImage, makeImage, makeLayer } from '../support/image-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { blobOf } from './blob-of.ts'
import { appliedPatch, patchWith } from './patch-bytes.ts'

const base = blobOf(Buffer.from('the text of a base, which is not compressed. '.repeat(30)))
const layer = { digest: digestOf('layer'), size: 4000 }
const MIB = 1024 * 1024

/** Of one segment, whose frame is the text. */
function patchOf(
  text: Buffer,
  segment: Partial<PatchSegment> = {},
  head: Partial<PatchHead> = {},
  gzip = Buffer.alloc(0),
) {
  const frame = zstdCompressSync(text)
  const { digest, size } = base
  const segments = [{ text: text.length, from: [], ...segment, bytes: frame.length }]
  return patchWith(
    { layer, base: { digest, size }, gzip: gzip.length, segments, ...head },
    Buffer.concat([gzip, frame]),
  )
}

const text = Buffer.from('some text')

/** Of one segment that brings no bytes. */
function copyOf(segment: Partial<PatchSegment>) {
  const { digest, size } = base
  return patchWith({ layer, base: { digest, size }, gzip: 0, segments: [{ text: 0, from: [], ...segment, bytes: 0 }] })
}

test.each<[what: string, patch: () => Buffer, said: RegExp]>([
  ['a segment with less text than it says', () => patchOf(text, { text: 10 }), /does not fit/],
  ['a segment with more', () => patchOf(text, { text: 3 }), /does not fit/],
  ['a segment that says nothing and gives 64 MiB', () => patchOf(Buffer.alloc(64 * MIB), { text: 0 }), /does not fit/],
  ['a segment of 64 MiB', () => patchOf(Buffer.alloc(64 * MIB)), /more text than a patch may give/],
  ['a range behind the end of the base', () => patchOf(text, { from: [[0, base.size + 1]] }), /does not fit/],
  ['a range far behind it', () => patchOf(text, { from: [[2 ** 52, 5]] }), /does not fit/],
  ['a range before it', () => patchOf(text, { from: [[-1, 5]] }), /patch, segments\[0\]/],
  ['a range of no number', () => patchOf(text, { from: [['0', 5]] as never }), /patch, segments\[0\]/],
  ['ranges of over 32 MiB', () => patchOf(text, { from: Array(99).fill([0, MIB]) }), /more than is read at once/],
  ['a description that is no frame', () => patchOf(text, {}, {}, Buffer.from('no frame')), /does not fit/],
  ['a description of 64 MiB', () => patchOf(text, {}, {}, zstdCompressSync(Buffer.alloc(64 * MIB))), /does not fit/],
  ['a copy of another length', () => copyOf({ text: 9, from: [[0, 8]] }), /does not fit/],
  ['a copy of nothing', () => copyOf({ text: 9 }), /does not fit/],
  ['a copy from behind the end of the base', () => copyOf({ text: 9, from: [[base.size, 9]] }), /does not fit/],
  ['a description of nothing', () => patchOf(text, {}, {}, zstdCompressSync(Buffer.from([0, 0]))), /does not fit/],
  ['a longer description than there is', () => patchOf(text, {}, { gzip: 5000 }), /ends too early/],
  ['a layer of a negative size', () => patchOf(text, {}, { layer: { ...layer, size: -1 } }), /patch/],
])('%s is refused', async (_, patch, said) => {
  await expect(appliedPatch(patch(), base)).rejects.toMatchObject({
    code: 'BUNDLE_INVALID',
    message: expect.stringMatching(said),
  })
})

test('patches in a circle, of themselves, or of a base that is another, are refused before anything is read', async () => {
  const [blobs, directory]: [Blobs, string] = [new Map(), await temporaryDirectory()]
  const [one, two] = [await makeLayer(blobs, { a: 'one' }), await makeLayer(blobs, { a: 'two' })]
  const deltaOf = async (name: string, made: typeof one, from: typeof one) => {
    const image = makeImage(blobs, [made])
    const [layer, base] = [made, from].map(({ digest, size }) => ({ digest, size }))
    const content = patchWith({ layer: layer!, base: base!, gzip: 0, segments: [] })
    await writeTestBundle(join(directory, name), [lockImage('demo.example/app', '1', image.manifest, [image])], blobs, {
      without: new Set([made.digest]),
      files: [{ name: patchFile(made.digest), content }],
    })
    const bundle = await openBundle(join(directory, name))
    onTestFinished(() => bundle.close())
    return bundle
  }
  const [first, second] = [await deltaOf('1.tar', one, two), await deltaOf('2.tar', two, one)]
  const itself = await deltaOf('3.tar', one, one)
  const other = await deltaOf('4.tar', one, { ...two, size: two.size + 1 })
  for (const contents of [[first, second], [second, first], [itself], [itself, second], [other, first, second]]) {
    await expect(patchedContents(contents)).rejects.toMatchObject({
      code: 'BUNDLE_INVALID',
      message: expect.stringMatching(/makes layer sha256:[0-9a-f]+ of sha256:/),
    })
  }
})
