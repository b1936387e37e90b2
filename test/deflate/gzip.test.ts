import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { constants, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeGzip, type GzipDescription } from '../../src/deflate/describe-gzip.ts'
import { rebuildGzip } from '../../src/deflate/rebuild-gzip.ts'
import { NotDeflate } from '../../src/deflate/stream/not-deflate.ts'
import { runTool, testWith } from '../support/debian.ts'
import { fc, runs } from '../support/property.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/gzip', import.meta.url))

describe('Go, whose programs write most layers', () => {
  // Written by compress/gzip of Go 1.26, level 6 with a flush after 70,000 bytes; by klauspost/compress 1.18.6, flushed at
  // the same place; and by pgzip on it, in blocks of 64 KiB.
  test.each(['go-1', 'go-2', 'go-6', 'go-9', 'klauspost-5', 'pgzip-1', 'pgzip-5', 'pgzip-6'])(
    '%s: every token is foretold',
    async (name) => {
      const { description } = described(await readFile(join(FIXTURES, `${name}.gz`)))

      expect(description.surprises).toBe(0)
      expect(description.bytes.length).toBeLessThan(400)
    },
  )
})

describe("Debian's own programs", () => {
  for (const [tool, args] of [
    ['gzip', ['-n', '-1']],
    ['gzip', ['-6']],
    ['gzip', ['-n', '-9']],
    ['pigz', ['-p', '2', '-b', '128', '-6']],
    ['pigz', ['-p', '1', '-9']],
  ] as const) {
    testWith([tool])(`${tool} ${args.join(' ')}: nearly every token is foretold`, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'nodeseed-gzip-'))
      onTestFinished(() => rm(directory, { recursive: true }))
      const file = join(directory, 'layer.tar')
      await writeFile(file, words(300_000, 3))
      await runTool(tool, [...args, file])
      const { description } = described(await readFile(`${file}.gz`))

      expect(description.surprises / description.tokens).toBeLessThan(0.001)
      expect(description.bytes.length).toBeLessThan(3000)
    })
  }
})

test('what no policy foretells is described all the same, with more bytes', () => {
  const text = words(40_000, 5)
  const { description } = described(gzipSync(text, { strategy: constants.Z_RLE }))

  expect(description.surprises).toBeGreaterThan(0)
})

test('any text, any writer that Node has: the same bytes again', () => {
  fc.assert(
    fc.property(texts(), gzipOptions(), (text, options) => {
      described(gzipSync(text, options))
    }),
    { numRuns: runs(25) },
  )
})

test('members, empty ones too, header fields and flushes stay where they are', () => {
  const [one, two] = [words(3000, 1), words(70_000, 2)]
  const named = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 4 | 8 | 16, 1, 2, 3, 4, 2, 3, 2, 0, 9, 9]),
    Buffer.from('name\0a comment\0'),
    deflateRawSync(two),
    trailer(two),
  ])
  described(Buffer.concat([gzipSync(one), gzipSync(''), named, gzipSync(one, { level: 0 })]))
})

test.each<[what: string, bytes: Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['no gzip', Buffer.from('layer')],
  ['half of it', gzipSync(words(5000, 1)).subarray(0, 700)],
  ['bytes behind it', Buffer.concat([gzipSync(words(5000, 1)), Buffer.alloc(512)])],
  ['another checksum', changed(gzipSync(words(5000, 1)), -8)],
  ['another length', changed(gzipSync(words(5000, 1)), -1)],
])('%s is refused', (_, bytes) => {
  expect(() => described(bytes)).toThrow(NotDeflate)
})

test('a description that somebody changed is refused or gives some bytes, and always ends', () => {
  const text = words(20_000, 8)
  const { description } = described(gzipSync(text))
  fc.assert(
    fc.property(fc.nat(description.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, difference) => {
      const bytes = description.bytes.slice()
      bytes[at]! ^= difference
      try {
        expect(rebuild(bytes, text).length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(NotDeflate)
      }
    }),
    { numRuns: runs(100) },
  )
})

test('a description with another text gives no bytes that could be taken for the file', () => {
  const file = gzipSync(words(60_000, 8))
  const { description } = described(file)
  for (const text of [words(60_000, 9), words(59_999, 8), words(60_001, 8), Buffer.alloc(0)]) {
    let rebuilt: Buffer | undefined
    try {
      rebuilt = rebuild(description.bytes, text)
    } catch (error) {
      expect(error).toBeInstanceOf(NotDeflate)
    }
    expect(rebuilt && createHash('sha256').update(rebuilt).digest('hex')).not.toBe(
      createHash('sha256').update(file).digest('hex'),
    )
  }
})

/** Takes a file apart, and sees that it can be made again from pieces of another size. */
function described(file: Buffer): { text: Buffer; description: GzipDescription } {
  const parts = describeGzip(pieces(file, 10_007))
  const texts: Uint8Array[] = []
  let step = parts.next()
  for (; !step.done; step = parts.next()) texts.push(step.value)
  const text = Buffer.concat(texts)
  expect(text.equals(gunzipSync(file))).toBe(true)
  expect(rebuild(step.value.bytes, text).equals(file)).toBe(true)
  return { text, description: step.value }
}

function rebuild(description: Uint8Array, text: Uint8Array): Buffer {
  return Buffer.concat([...rebuildGzip(description, pieces(text, 4099))])
}

function pieces(bytes: Uint8Array, size: number): () => Uint8Array | undefined {
  let at = 0
  return () => {
    if (at >= bytes.length) return undefined
    at += size
    return bytes.subarray(at - size, at)
  }
}

/** Text as configuration files have it, the same for the same seed. */
function words(length: number, seed: number): Buffer {
  const known = ['image', 'layer', 'digest', 'node', 'pod', '\0\0\0\0\0\0', 'apiVersion: v1', '    name: shop']
  let state = seed
  let text = ''
  while (text.length < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    text += `${known[(state >>> 16) % known.length]} ${(state >>> 8) % 977}\n`
  }
  return Buffer.from(text.slice(0, length))
}

function texts(): fc.Arbitrary<Buffer> {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.nat(20_000), fc.nat()).map(([length, seed]) => words(length, seed)),
    fc.tuple(fc.nat(70_000), fc.nat(255)).map(([length, byte]) => Buffer.alloc(length, byte)),
  )
  return fc.array(piece, { maxLength: 3 }).map((parts) => Buffer.concat([...parts, ...parts.slice(0, 2)]))
}

function gzipOptions() {
  const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants
  return fc.record({
    level: fc.integer({ min: 0, max: 9 }),
    memLevel: fc.integer({ min: 1, max: 9 }),
    windowBits: fc.integer({ min: 9, max: 15 }),
    strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED),
  })
}

function trailer(text: Buffer): Buffer {
  return gzipSync(text).subarray(-8)
}

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[copy.length + at]! ^= 1
  return copy
}
