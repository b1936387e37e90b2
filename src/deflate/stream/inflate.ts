import type { BitReader } from './bits.ts'
import { type DynamicCodes, readDynamicCodes } from './code-lengths.ts'
import { HuffmanCode } from './huffman.ts'
import { NotDeflate } from './not-deflate.ts'
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  END_OF_BLOCK,
  fixedLengths,
  LENGTH_BASE,
  LENGTH_EXTRA,
  WINDOW,
} from './symbols.ts'

/** More text in one block is held by no reader of ours: no writer in use makes such blocks. */
const MAX_BLOCK_TEXT = 32 * 1024 * 1024

/** A literal is its byte; a match is `length << 16 | distance`. */
export type DeflateToken = number

export interface StoredBlock {
  readonly kind: 'stored'
  readonly isLast: boolean
  readonly text: Uint8Array
}

export interface CodedBlock {
  readonly kind: 'fixed' | 'dynamic'
  readonly isLast: boolean
  readonly text: Uint8Array
  readonly tokens: Uint32Array
  /** Of a dynamic block. */
  readonly codes?: DynamicCodes
}

/** A block of a deflate stream (RFC 1951, 3.2.3) as its writer chose it, with the text that it stands for. */
export type DeflateBlock = StoredBlock | CodedBlock

/** Takes one deflate stream apart, block after block. */
export class Inflater {
  readonly #bits: BitReader
  /** The window, and behind it the text of the block at hand. */
  #text = new Uint8Array(WINDOW + 256 * 1024)
  #history = 0

  constructor(bits: BitReader) {
    this.#bits = bits
  }

  /** @throws {NotDeflate} */
  next(): DeflateBlock {
    const isLast = this.#bits.read(1) === 1
    const type = this.#bits.read(2)
    if (type === 3) throw new NotDeflate('a block of a type that does not exist')
    if (type === 0) return this.#stored(isLast)
    if (type === 1) {
      return { kind: 'fixed', isLast, ...this.#coded(FIXED.literals, FIXED.distances) }
    }
    const codes = readDynamicCodes(this.#bits)
    return { kind: 'dynamic', isLast, codes, ...this.#coded(codes.literals, codes.distances) }
  }

  #stored(isLast: boolean): StoredBlock {
    if (this.#bits.align() !== 0) throw new NotDeflate('bits set between blocks')
    const length = this.#bits.read(16)
    if ((length ^ 0xffff) !== this.#bits.read(16)) throw new NotDeflate('a stored block whose lengths do not agree')
    const text = this.#bits.bytes(length)
    this.#room(length)
    this.#text.set(text, this.#history)
    this.#forget(this.#history + length)
    return { kind: 'stored', isLast, text }
  }

  #coded(literals: HuffmanCode, distances: HuffmanCode): { tokens: Uint32Array; text: Uint8Array } {
    const bits = this.#bits
    const start = this.#history
    let tokens = new Uint32Array(32 * 1024)
    let count = 0
    let at = start
    for (;;) {
      const symbol = literals.read(bits)
      if (symbol === END_OF_BLOCK) break
      if (count === tokens.length) tokens = doubled(tokens)
      if (at + 258 > this.#text.length) this.#room(at + 258 - start)
      const text = this.#text
      if (symbol < END_OF_BLOCK) {
        text[at++] = symbol
        tokens[count++] = symbol
        continue
      }
      const base = LENGTH_BASE[symbol - 257]
      if (base === undefined) throw new NotDeflate('a length that does not exist')
      const length = base + bits.read(LENGTH_EXTRA[symbol - 257]!)
      const distanceSymbol = distances.read(bits)
      const nearest = DISTANCE_BASE[distanceSymbol]
      if (nearest === undefined) throw new NotDeflate('a distance that does not exist')
      const distance = nearest + bits.read(DISTANCE_EXTRA[distanceSymbol]!)
      if (distance > at) throw new NotDeflate('a match before the start')
      // 258 has two spellings, of which writers use one.
      if (length === 258 && symbol !== 285) throw new NotDeflate('a length spelt in an unusual way')
      for (const end = at + length; at < end; at++) text[at] = text[at - distance]!
      tokens[count++] = (length << 16) | distance
    }
    const text = this.#text.slice(start, at)
    this.#forget(at)
    return { tokens: tokens.subarray(0, count), text }
  }

  #room(length: number): void {
    if (length > MAX_BLOCK_TEXT) throw new NotDeflate('a block of over 32 MiB')
    const wanted = this.#history + length
    if (wanted <= this.#text.length) return
    const larger = new Uint8Array(Math.max(wanted, this.#text.length * 2))
    larger.set(this.#text)
    this.#text = larger
  }

  #forget(end: number): void {
    const start = Math.max(0, end - WINDOW)
    this.#text.copyWithin(0, start, end)
    this.#history = end - start
  }
}

const fixed = fixedLengths()
/** The codes of a block that brings none (RFC 1951, 3.2.6). */
export const FIXED = { literals: new HuffmanCode(fixed.literals), distances: new HuffmanCode(fixed.distances) }

function doubled(tokens: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(tokens.length * 2)
  larger.set(tokens)
  return larger
}
