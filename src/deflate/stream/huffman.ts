import type { BitReader } from './bits.ts'
import { NotDeflate } from './not-deflate.ts'
import { MAX_CODE_BITS } from './symbols.ts'

/** Codes of one alphabet (RFC 1951, 3.2.2), for reading and for writing. */
export class HuffmanCode {
  /** By symbol: its code as it is written, lowest bit first. */
  readonly codes: Uint16Array
  readonly lengths: Uint8Array
  /** By the next `#bits` bits: symbol << 4 | length; 0 where no code begins so. Whoever only writes needs none. */
  #table: Uint16Array | undefined
  readonly #bits: number

  /** @throws {NotDeflate} for lengths of which no code can be made */
  constructor(lengths: Uint8Array) {
    this.lengths = lengths
    this.#bits = Math.max(1, ...lengths)
    this.codes = codesOf(lengths)
  }

  /** @throws {NotDeflate} where no code begins so */
  read(bits: BitReader): number {
    const table = this.#table ?? this.#makeTable()
    const entry = table[bits.peek(this.#bits)]!
    if (entry === 0) throw new NotDeflate('a code that its table does not have')
    bits.skip(entry & 15)
    return entry >> 4
  }

  #makeTable(): Uint16Array {
    const { lengths, codes } = this
    const table = new Uint16Array(1 << this.#bits)
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol]!
      if (length === 0) continue
      const entry = (symbol << 4) | length
      for (let at = codes[symbol]!; at < table.length; at += 1 << length) table[at] = entry
    }
    this.#table = table
    return table
  }
}

function codesOf(lengths: Uint8Array): Uint16Array {
  const counts = new Uint16Array(MAX_CODE_BITS + 1)
  for (const length of lengths) if (length > 0) counts[length]! += 1
  const next = new Uint32Array(MAX_CODE_BITS + 2)
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    next[length + 1] = (next[length]! + counts[length]!) << 1
    if (next[length]! + counts[length]! > 1 << length) throw new NotDeflate('more codes than their lengths allow')
  }
  const codes = new Uint16Array(lengths.length)
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!
    if (length > 0) codes[symbol] = reversed(next[length]!++, length)
  }
  return codes
}

function reversed(code: number, length: number): number {
  let result = 0
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit)
  return result
}
