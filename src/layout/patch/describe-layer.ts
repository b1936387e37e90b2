import { setImmediate } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import { describeGzip } from '../../deflate/describe-gzip.ts'
import { type BlockPlace, blockPlaces } from '../../deflate/follow/block-places.ts'
import { type FollowedRun, MOST_BEFORE } from '../../deflate/follow/followed-tokens.ts'
import { NotDeflate } from '../../deflate/stream/not-deflate.ts'
import { compressionOf } from '../compressed/compression.ts'
import { openAt } from './apply-patch.ts'
import type { OpenLayer } from './layer-text.ts'
import { MAX_DESCRIPTION } from './limits.ts'
import { TravelsWhole } from './made-patch.ts'
import type { SameRun } from './match/same-runs.ts'

/** After so many steps others get their turn. */
const STEPS = 64

/**
 * How a layer was compressed, itself compressed by zstd; null where it was not. Where the base has the same text, and was written
 * alike, it says no more than that.
 *
 * @param same text that both have
 * @throws {TravelsWhole} where it cannot be told
 */
export async function describeLayer(
  layer: OpenLayer,
  base: OpenLayer,
  same: readonly SameRun[],
): Promise<Uint8Array | null> {
  if (!isGzip(layer)) return null
  const followed = isGzip(base) ? { runs: await followedRuns(base, same), open: openAt(base.bytes) } : undefined
  try {
    const parts = describeGzip(openAt(layer.bytes)(0), { limit: MAX_DESCRIPTION, followed })
    let next = parts.next()
    for (; !next.done; next = parts.next()) await setImmediate()
    return zstdCompressSync(next.value.bytes)
  } catch (error) {
    if (!(error instanceof NotDeflate)) throw error
    throw new TravelsWhole(`its gzip cannot be written again to the byte: ${error.message}`)
  }
}

function isGzip({ bytes }: OpenLayer): boolean {
  return compressionOf(bytes.read(0, 16))?.name === 'gzip'
}

async function followedRuns(base: OpenLayer, same: readonly SameRun[]): Promise<FollowedRun[]> {
  const places = await collected(blockPlaces(openAt(base.bytes)(0)))
  return same.flatMap(({ start, end, there }) => {
    const block = blockAt(places, there)
    const before = block ? there - block.text : 0
    return block && before <= MOST_BEFORE * (end - start) ? [{ start, end, bit: block.bit, before }] : []
  })
}

/** The last block that begins at a place of the text or before. */
function blockAt(places: readonly BlockPlace[], text: number): BlockPlace | undefined {
  let [low, high] = [0, places.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (places[middle]!.text <= text) low = middle + 1
    else high = middle
  }
  return places[low - 1]
}

/** All of them; others get their turn on the way. */
export async function collected<T>(items: Iterable<T>): Promise<T[]> {
  const all: T[] = []
  for (const item of items) if (all.push(item) % STEPS === 0) await setImmediate()
  return all
}
