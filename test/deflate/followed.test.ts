import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { describeGzip, type GzipDescription } from '../../src/deflate/describe-gzip.ts'
import { blockPlaces } from '../../src/deflate/follow/block-places.ts'
import type { FollowedRun, OpenAt } from '../../src/deflate/follow/followed-tokens.ts'
import { MATCH_POLICIES } from '../../src/deflate/forecast/match-policy.ts'
import { forecasterOf } from '../../src/deflate/forecast/token-forecast.ts'
import { rebuildGzip } from '../../src/deflate/rebuild-gzip.ts'
import { NotDeflate } from '../../src/deflate/stream/not-deflate.ts'
import { fc, runs } from '../support/property.ts'

test.each<[writer: string, before: number, now: number, most: number]>([
  ['the same writer', 6, 6, 0.005],
  ['a writer that chose a little otherwise, which is not believed for long', 9, 6, 0.1],
  ['a writer that chose quite otherwise', 1, 6, 0.1],
])('tokens of %s are followed, and the same bytes come out', (_, before, now, most) => {
  const [old, text] = [words(200_000, 1), Buffer.concat([words(50, 2), words(150_000, 1), words(9000, 3)])]
  const other = gzipSync(old, { level: before })
  const layer = gzipSync(text, { level: now })
  const description = described(layer, followed(other, [{ start: 50, end: 150_050, there: 0 }]))

  expect(description.surprises / description.tokens).toBeLessThan(most)
  expect(rebuilt(description, text, other).equals(layer)).toBe(true)
})

test('any runs, true or not, of any writer: the same bytes again, and of another file never those of the layer', () => {
  const place = fc.record({
    skip: fc.nat(30_000),
    length: fc.integer({ min: 16_384, max: 60_000 }),
    there: fc.nat(150_000),
  })
  const old = words(150_000, 1)
  const text = Buffer.concat([old.subarray(1000, 70_000), words(20_000, 4), old.subarray(70_000)])
  fc.assert(
    fc.property(
      fc.array(place, { maxLength: 4 }),
      fc.constantFrom(0, 1, 6),
      fc.constantFrom(1, 6),
      (places, before, now) => {
        const other = gzipSync(old, { level: before })
        const layer = gzipSync(text, { level: now })
        let end = 0
        const same = places.map(({ skip, length, there }) => {
          end += skip + length
          return { start: end - length, end, there }
        })
        const description = described(layer, followed(other, same))
        expect(rebuilt(description, text, other).equals(layer)).toBe(true)
        for (const wrong of [Buffer.alloc(0), other.map((byte) => byte ^ 7), gzipSync(words(150_000, 9))]) {
          try {
            rebuilt(description, text, wrong)
          } catch (error) {
            expect(error).toBeInstanceOf(NotDeflate)
          }
        }
      },
    ),
    { numRuns: runs(5) },
  )
})

test.each<[what: string, run: (reach: number) => FollowedRun]>([
  ['is short', () => ({ start: 0, end: 100, bit: 80, before: 0 })],
  ['needs much read before it', (reach) => ({ start: 0, end: reach, bit: 80, before: 9 * reach })],
])('a run that %s is refused, whatever it would save', (_, run) => {
  const text = words(60_000, 1)
  const other = gzipSync(text)
  const description = described(gzipSync(text), { runs: [run(20_000)], open: openAt(other) })
  expect(() => rebuilt(description, text, other)).toThrow(NotDeflate)
})

test('runs that somebody changed, and a file that is damaged, are refused or give some bytes, and it always ends', () => {
  const text = words(60_000, 1)
  const other = gzipSync(text)
  const description = described(gzipSync(text), followed(other, [{ start: 0, end: 60_000, there: 0 }]))
  const { length } = description.bytes
  const byte = fc.integer({ min: 1, max: 255 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), byte, fc.nat(other.length - 1), byte, (at, change, place, damage) => {
      const bytes = description.bytes.slice()
      bytes[length - at]! ^= change
      const damaged = Buffer.from(other)
      damaged[place]! ^= damage
      for (const [changed, from] of [
        [bytes, other],
        [description.bytes, damaged],
      ] as const) {
        try {
          expect(rebuilt({ ...description, bytes: changed }, text, from).length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(NotDeflate)
        }
      }
    }),
    { numRuns: runs(30) },
  )
})

test.each(MATCH_POLICIES.map((policy) => [policy.name, policy] as const))(
  '%s: places are counted anew without a surprise, or with few',
  (_, policy) => {
    const text = words(150_000, 5)
    const [one, other] = [tokensOf(forecasterOf(policy), text), tokensOf(forecasterOf(policy, 100_000), text)]
    if (policy.kind === 'chain' && policy.remembered === 258) expect(other).toEqual(one)
    for (const { at, token } of other) {
      const [length, distance] = [token >>> 16, token & 0xffff]
      if (length === 0) expect(token).toBe(text[at])
      else if (
        !text
          .subarray(at - distance, at)
          .subarray(0, length)
          .equals(text.subarray(at, at + Math.min(length, distance)))
      ) {
        throw new Error(`${at}: no match`)
      }
    }
    expect(other.length).toBeLessThan(one.length * 1.1)
  },
)

/** Tokens, each with its position. */
function tokensOf(forecaster: ReturnType<typeof forecasterOf>, text: Buffer) {
  const tokens: { at: number; token: number }[] = []
  forecaster.limit = text.length
  forecaster.restart()
  while (forecaster.position < text.length) {
    const { position, lookAhead } = forecaster
    const { end } = forecaster.text
    if (end < text.length && end < position + lookAhead) {
      forecaster.text.append(text.subarray(end, end + 70_000), position)
      continue
    }
    const token = forecaster.predict()
    tokens.push({ at: position, token })
    forecaster.accept(token)
  }
  return tokens
}

function followed(other: Buffer, same: readonly { start: number; end: number; there: number }[]) {
  const places = [...blockPlaces(openAt(other)(0))]
  const runs = same.flatMap(({ start, end, there }): FollowedRun[] => {
    const block = places.findLast(({ text }) => text <= there)
    if (!block || there - block.text > 8 * (end - start)) return []
    return [{ start, end, bit: block.bit, before: there - block.text }]
  })
  return { runs, open: openAt(other) }
}

function described(layer: Buffer, other: { runs: readonly FollowedRun[]; open: OpenAt }): GzipDescription {
  const parts = describeGzip(openAt(layer)(0), { followed: other })
  let next = parts.next()
  while (!next.done) next = parts.next()
  return next.value
}

function rebuilt({ bytes }: GzipDescription, text: Buffer, other: Uint8Array): Buffer {
  return Buffer.concat([...rebuildGzip(bytes, openAt(text)(0), openAt(Buffer.from(other)))])
}

function openAt(bytes: Buffer): OpenAt {
  return (byte) => {
    let at = byte
    return () => {
      at += 5000
      return at - 5000 < bytes.length ? bytes.subarray(at - 5000, at) : undefined
    }
  }
}

/** Text of words and numbers, the same for the same seed. */
function words(length: number, seed: number): Buffer {
  const noise = createHash('shake256', { outputLength: Math.ceil(length / 4) })
    .update(String(seed))
    .digest()
  const known = ['image ', 'layer ', 'digest ', 'node ', 'apiVersion: v1\n', '    name: shop\n', 'kind: ', '0']
  let text = ''
  for (const byte of noise) text += byte < 100 ? known[byte & 7] : (byte * 7).toString(16)
  return Buffer.from(text.padEnd(length, text).slice(0, length))
}
