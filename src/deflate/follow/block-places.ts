import { BitReader, type Pull } from '../stream/bits.ts'
import { readGzipHeader } from '../stream/gzip-header.ts'
import { NotDeflate } from '../stream/not-deflate.ts'
import { TokenReader } from './token-reader.ts'

/** Where a block of a gzip file begins: its first bit, and how much text is before it. */
export interface BlockPlace {
  readonly bit: number
  readonly text: number
}

/** Where the blocks of a gzip file begin, in their order; up to where it is no gzip. Nothing is checked but that. */
export function* blockPlaces(pull: Pull): Generator<BlockPlace, void> {
  const bits = new BitReader(pull)
  let text = 0
  try {
    do {
      readGzipHeader(bits)
      const tokens = new TokenReader(bits)
      while (!tokens.atEnd) {
        if (tokens.betweenBlocks) yield { bit: bits.position, text }
        tokens.next()
        text += tokens.length
      }
      bits.align()
      for (let words = 0; words < 4; words++) bits.read(16)
    } while (!bits.atEnd)
  } catch (error) {
    if (!(error instanceof NotDeflate)) throw error
  }
}
