/** How a writer looks for matches: what decides its tokens, and nothing else of it. */
export type MatchPolicy = ChainPolicy | SegmentPolicy | { readonly kind: 'go-fast'; readonly name: string }

/** klauspost/compress, by itself or in the blocks of pgzip. */
export interface SegmentPolicy {
  readonly kind: 'segment'
  readonly name: string
  readonly level: 1 | 5 | 6
  /** A flush begins a block, which sees the end of the one before. */
  readonly inBlocks: boolean
  /** Where a longer match is sought, so many bytes at its beginning may be others: 2 since 1.15. */
  readonly skips: 0 | 2
}

export interface ChainPolicy {
  readonly kind: 'chain'
  readonly name: string
  /** How many bytes are hashed, which is the shortest match. */
  readonly shortest: 3 | 4
  readonly hashBits: number
  /** A match this long makes the search for a better one take a quarter of the steps. */
  readonly good: number
  /** A match this long is taken without a look at the next place; 0: never looks. */
  readonly lazy: number
  /** A match this long ends a search. */
  readonly nice: number
  /** Steps of a search. */
  readonly chain: number
  /** Places inside a match longer than this are not remembered. */
  readonly remembered: number
  readonly farthest: number
}

/** A shortest match farther away than this is no gain. */
export const TOO_FAR = 4096

/** The levels of zlib and of GNU gzip, which share them (deflate.c, configuration_table). */
const CHAINED: readonly (readonly [level: number, good: number, lazy: number, nice: number, chain: number])[] = [
  [4, 4, 4, 16, 16],
  [5, 8, 16, 32, 32],
  [6, 8, 16, 128, 128],
  [7, 8, 32, 128, 256],
  [8, 32, 128, 258, 1024],
  [9, 32, 258, 258, 4096],
]

const NEVER = 0
const ALL = 258

function zlib(level: number, numbers: Partial<ChainPolicy>): ChainPolicy {
  // MAX_DIST of deflate.h: the window without the largest match and one byte more than the shortest.
  const common = { shortest: 3, hashBits: 15, good: 4, lazy: NEVER, remembered: ALL, farthest: 32768 - 262 } as const
  return { kind: 'chain', name: `zlib-${level}`, ...common, nice: 0, chain: 0, ...numbers }
}

function go(level: number, numbers: Partial<ChainPolicy>): ChainPolicy {
  // compress/flate begins each search anew, so no match makes a search shorter.
  const common = { shortest: 4, hashBits: 17, lazy: NEVER, remembered: ALL, farthest: 32768 } as const
  return { kind: 'chain', name: `go-${level}`, ...common, nice: 0, chain: 0, ...numbers, good: ALL + 1 }
}

function klauspost(level: SegmentPolicy['level'], skips: SegmentPolicy['skips'] = 2): SegmentPolicy[] {
  const name = `${level}${skips === 0 ? '-old' : ''}`
  const common = { kind: 'segment', level, skips } as const
  return [
    { ...common, name: `pgzip-${name}`, inBlocks: true },
    { ...common, name: `klauspost-${name}`, inBlocks: false },
  ]
}

/**
 * Writers that are tried, in this order: zlib (and jib, pigz, Python, GNU gzip), Go's compress/flate (docker, BuildKit,
 * Kaniko), klauspost/compress (podman, buildah, skopeo, umoci).
 */
export const MATCH_POLICIES: readonly MatchPolicy[] = [
  ...CHAINED.map(([level, good, lazy, nice, chain]) => zlib(level, { good, lazy, nice, chain })),
  zlib(1, { remembered: 4, nice: 8, chain: 4 }),
  zlib(2, { remembered: 5, nice: 16, chain: 8 }),
  zlib(3, { remembered: 6, nice: 32, chain: 32 }),
  ...CHAINED.map(([level, , lazy, nice, chain]) => go(level, { lazy, nice, chain })),
  go(2, { remembered: 5, nice: 16, chain: 8 }),
  go(3, { remembered: 6, nice: 32, chain: 32 }),
  { kind: 'go-fast', name: 'go-1' },
  ...[klauspost(5), klauspost(5, 0), klauspost(6), klauspost(6, 0), klauspost(1)].flat(),
]
