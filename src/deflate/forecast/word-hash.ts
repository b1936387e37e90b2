/** The primes of klauspost/compress, by how many bytes are hashed; those of over four bytes in two halves. */
const PRIME_4 = 2654435761 | 0
const PRIME_5 = { high: 0xcf, low: 0x1bbcdcbb }
const PRIME_7 = { high: 0xcf1bbc, low: 0xdcbfa563 }
const TABLE_SHIFT = 17
/** How many places a table has that these hashes point into. */
export const TABLE_SIZE = 1 << 15

/** The hash of four bytes; `low` is the little-endian word of the bytes. */
export function hashOf4(low: number): number {
  return Math.imul(low, PRIME_4) >>> TABLE_SHIFT
}

/** The hash of the first five of eight bytes, in two words. */
export function hashOf5(low: number, high: number): number {
  return upperBits(low << 24, (high << 24) | (low >>> 8), PRIME_5)
}

/** The hash of the first seven of eight bytes, in two words. */
export function hashOf7(low: number, high: number): number {
  return upperBits(low << 8, (high << 8) | (low >>> 24), PRIME_7)
}

/**
 * The highest bits of the low 64 of a product. What doubles cannot hold of it is so little that a bit is wrong once in
 * very many times, and then always in the same way.
 */
function upperBits(low: number, high: number, prime: { readonly high: number; readonly low: number }): number {
  const carried = ((low >>> 0) * prime.low) / 0x100000000
  return ((carried >>> 0) + Math.imul(low, prime.high) + Math.imul(high, prime.low)) >>> TABLE_SHIFT
}
