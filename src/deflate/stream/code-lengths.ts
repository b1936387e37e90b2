import { type BitReader, BitWriter } from './bits.ts'
import { HuffmanCode } from './huffman.ts'
import { NotDeflate } from './not-deflate.ts'
import { DISTANCES, LITERALS } from './symbols.ts'

/** The order in which the lengths of the code-length code stand (RFC 1951, 3.2.7). */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const

/** The codes of a block, and the bits that gave them. */
export interface DynamicCodes {
  readonly literals: HuffmanCode
  readonly distances: HuffmanCode
  /** Pairs of value and count of bits, as read. */
  readonly bits: readonly number[]
}

/**
 * Reads the head of a block with codes of its own (RFC 1951, 3.2.7). Its bits are kept as they are: which code lengths a
 * writer chooses, and how it shortens their list, is its own affair.
 *
 * @throws {NotDeflate}
 */
export function readDynamicCodes(reader: BitReader): DynamicCodes {
  const bits: number[] = []
  const take = (count: number) => {
    const value = reader.read(count)
    bits.push(value, count)
    return value
  }
  const literals = take(5) + 257
  const distances = take(5) + 1
  const described = take(4) + 4
  const meta = new Uint8Array(19)
  for (const symbol of ORDER.slice(0, described)) meta[symbol] = take(3)
  const code = new HuffmanCode(meta)
  const lengths = new Uint8Array(literals + distances)
  for (let at = 0; at < lengths.length; ) {
    const symbol = code.read(reader)
    bits.push(code.codes[symbol]!, code.lengths[symbol]!)
    if (symbol < 16) {
      lengths[at++] = symbol
      continue
    }
    if (symbol === 16 && at === 0) throw new NotDeflate('a repeated length without one before it')
    const value = symbol === 16 ? lengths[at - 1]! : 0
    const repeats = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7)
    if (at + repeats > lengths.length) throw new NotDeflate('more code lengths than announced')
    lengths.fill(value, at, at + repeats)
    at += repeats
  }
  return {
    literals: new HuffmanCode(widened(lengths.subarray(0, literals), LITERALS)),
    distances: new HuffmanCode(widened(lengths.subarray(literals), DISTANCES)),
    bits,
  }
}

/** The bits of a head, as bytes from which {@link readDynamicCodes} reads them again. */
export function packBits(pairs: readonly number[]): Uint8Array {
  const writer = new BitWriter()
  for (let at = 0; at < pairs.length; at += 2) writer.write(pairs[at]!, pairs[at + 1]!)
  writer.align()
  return writer.take()
}

function widened(lengths: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size)
  result.set(lengths)
  return result
}
