import type { BitReader } from '../stream/bits.ts'
import { readDynamicCodes } from '../stream/code-lengths.ts'
import type { HuffmanCode } from '../stream/huffman.ts'
import { FIXED } from '../stream/inflate.ts'
import { NotDeflate } from '../stream/not-deflate.ts'
import { DISTANCE_BASE, DISTANCE_EXTRA, END_OF_BLOCK, LENGTH_BASE, LENGTH_EXTRA } from '../stream/symbols.ts'

/**
 * The tokens of a deflate stream without their text, from the beginning of any of its blocks on: nothing before it is needed.
 */
export class TokenReader {
  /** What was read: a match is `length << 16 | distance`, a literal its byte; -1 for what is no token. */
  token = -1
  /** Bytes of text that it stands for; of a stored block all of them. */
  length = 0
  readonly #bits: BitReader
  #literals: HuffmanCode = FIXED.literals
  #distances: HuffmanCode = FIXED.distances
  #inBlock = false
  #isLast = false

  /** @param bits at the first bit of a block */
  constructor(bits: BitReader) {
    this.#bits = bits
  }

  /** Whether a block begins here, or the stream ends. */
  get betweenBlocks(): boolean {
    return !this.#inBlock
  }

  /** Whether all of the stream was read. */
  get atEnd(): boolean {
    return this.#isLast && !this.#inBlock
  }

  /** @throws {NotDeflate} where there is no more of the stream */
  next(): void {
    if (!this.#inBlock) {
      this.#begin()
      return
    }
    const bits = this.#bits
    const symbol = this.#literals.read(bits)
    if (symbol < END_OF_BLOCK) {
      this.token = symbol
      this.length = 1
      return
    }
    if (symbol === END_OF_BLOCK) {
      this.#inBlock = false
      this.#none(0)
      return
    }
    const base = LENGTH_BASE[symbol - 257]
    if (base === undefined) throw new NotDeflate('a length that does not exist')
    const length = base + bits.read(LENGTH_EXTRA[symbol - 257]!)
    const near = this.#distances.read(bits)
    const nearest = DISTANCE_BASE[near]
    if (nearest === undefined) throw new NotDeflate('a distance that does not exist')
    this.token = (length << 16) | (nearest + bits.read(DISTANCE_EXTRA[near]!))
    this.length = length
  }

  #begin(): void {
    const bits = this.#bits
    if (this.#isLast) throw new NotDeflate('the end of a stream')
    this.#isLast = bits.read(1) === 1
    const type = bits.read(2)
    if (type === 3) throw new NotDeflate('a block of a type that does not exist')
    if (type === 0) {
      bits.align()
      const length = bits.read(16)
      bits.read(16)
      bits.bytes(length)
      this.#none(length)
      return
    }
    const codes = type === 1 ? FIXED : readDynamicCodes(bits)
    this.#literals = codes.literals
    this.#distances = codes.distances
    this.#inBlock = true
    this.#none(0)
  }

  #none(length: number): void {
    this.token = -1
    this.length = length
  }
}
