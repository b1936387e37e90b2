/** The alphabets of deflate (RFC 1951, 3.2.5 and 3.2.6). */

export const MIN_MATCH = 3
export const MAX_MATCH = 258
export const WINDOW = 32768
export const END_OF_BLOCK = 256
export const LITERALS = 288
export const DISTANCES = 32
/** No code is longer. */
export const MAX_CODE_BITS = 15

/** The shortest length of each length symbol from 257 on, and how many bits more tell which. */
export const LENGTH_BASE: readonly number[] = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]
export const LENGTH_EXTRA: readonly number[] = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]
export const DISTANCE_BASE: readonly number[] = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]
export const DISTANCE_EXTRA: readonly number[] = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]

/** Index into `LENGTH_BASE` by length; 258 has a symbol of its own. */
export const LENGTH_SYMBOL = symbolsUpTo(LENGTH_BASE, MAX_MATCH)
/** Index into `DISTANCE_BASE` by distance. */
export const DISTANCE_SYMBOL = symbolsUpTo(DISTANCE_BASE, WINDOW)

/** Code lengths of a block with fixed codes. */
export function fixedLengths(): { literals: Uint8Array; distances: Uint8Array } {
  const literals = new Uint8Array(LITERALS).fill(8)
  literals.fill(9, 144, 256)
  literals.fill(7, 256, 280)
  return { literals, distances: new Uint8Array(DISTANCES).fill(5) }
}

function symbolsUpTo(bases: readonly number[], largest: number): Uint8Array {
  const symbols = new Uint8Array(largest + 1)
  for (const [symbol, base] of bases.entries()) symbols.fill(symbol, base)
  return symbols
}
