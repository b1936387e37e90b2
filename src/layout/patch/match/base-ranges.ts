import { BUCKET } from './text-index.ts'
import { MAX_SEGMENT_BASE, type TextRange } from './text-range.ts'

/** Less than a patch may use, as of a segment: zstd remembers 8 Mi places (`hashLog` 23) and forgets the first of more. */
const ROOM = MAX_SEGMENT_BASE / 4
/** What has the same name may be like a text that has no 32 bytes in common with it: some room is kept for it. */
const ROOM_FOR_SAME = (3 * ROOM) / 4

/**
 * Which ranges of a base's text a segment is made from, in order and each byte once: first what has most in common with it,
 * then what is named alike, then the rest that has anything in common, as long as there is room.
 */
export function baseRanges(
  named: readonly TextRange[],
  votes: ReadonlyMap<number, number>,
  baseSize: number,
): TextRange[] {
  const byVotes = [...votes].toSorted(([one, a], [other, b]) => b - a || one - other)
  const rangeOf = ([bucket]: readonly [number, number]): TextRange => {
    const start = bucket * BUCKET
    return [start, Math.min(BUCKET, baseSize - start)]
  }
  const same = byVotes.filter(([, count]) => count > 1).map(rangeOf)
  const taken = new Ranges()
  for (const range of same) taken.add(range, ROOM_FOR_SAME)
  for (const range of named) taken.add(range, ROOM)
  for (const range of byVotes.map(rangeOf)) taken.add(range, ROOM)
  return taken.joined
}

/** Ranges that may overlap, and what they have in all. */
class Ranges {
  #ranges: TextRange[] = []
  #size = 0

  /** Takes what is new of a range, or as much of its beginning as there is room for. */
  add([offset, length]: TextRange, room: number): void {
    for (const [start, size] of this.#gapsIn(offset, offset + length)) {
      const more = Math.min(size, room - this.#size)
      if (more <= 0) return
      this.#size += more
      this.#insert([start, more])
    }
  }

  get joined(): TextRange[] {
    const result: [number, number][] = []
    for (const [offset, length] of this.#ranges) {
      const last = result.at(-1)
      if (last && last[0] + last[1] === offset) last[1] += length
      else result.push([offset, length])
    }
    return result
  }

  #gapsIn(start: number, end: number): TextRange[] {
    const gaps: TextRange[] = []
    let at = start
    for (const [offset, length] of this.#ranges) {
      if (offset + length <= at) continue
      if (offset >= end) break
      if (offset > at) gaps.push([at, offset - at])
      at = Math.max(at, offset + length)
    }
    if (at < end) gaps.push([at, end - at])
    return gaps
  }

  #insert(range: TextRange): void {
    const index = this.#ranges.findIndex(([offset]) => offset > range[0])
    this.#ranges.splice(index < 0 ? this.#ranges.length : index, 0, range)
  }
}
