import { SHORTEST_RUN } from '../../../deflate/follow/followed-tokens.ts'
import type { UnnamedFile } from '../../files/unnamed-file.ts'
import type { TextIndex } from './text-index.ts'

/** Text that two files have in common. */
export interface SameRun {
  readonly start: number
  readonly end: number
  /** Where it is in the other. */
  readonly there: number
}

const CHUNK = 1 << 20
const PIECE = 64 * 1024
/** How much is compared before a run is looked at as a whole. */
const GLANCE = 512

/** Runs of a text that another text has as well, in their order; `index` is of the other. */
export function* sameRuns(text: UnnamedFile, other: UnnamedFile, index: TextIndex): Generator<SameRun, void> {
  const pair = new TextPair(text, other)
  let end = 0
  for (let at = 0; at < text.size; at += CHUNK) {
    for (const place of index.placesOf(text.read(at, CHUNK))) {
      const [here, there] = [at + place.here, place.there]
      if (here < end || !pair.isLike(here, there)) continue
      const before = pair.sameBefore(here, there, here - end)
      const start = here - before
      const length = before + pair.sameFrom(here, there)
      if (length < SHORTEST_RUN) continue
      end = start + length
      yield { start, end, there: there - before }
    }
  }
}

class TextPair {
  readonly #text: UnnamedFile
  readonly #other: UnnamedFile
  readonly #one = Buffer.allocUnsafeSlow(PIECE)
  readonly #two = Buffer.allocUnsafeSlow(PIECE)

  constructor(text: UnnamedFile, other: UnnamedFile) {
    this.#text = text
    this.#other = other
  }

  /** Whether some bytes are the same, at the first glance. */
  isLike(here: number, there: number): boolean {
    const length = this.#read(here, there, GLANCE)
    return length > 0 && this.#areSame(length)
  }

  /** How many bytes from two places on are the same. */
  sameFrom(here: number, there: number): number {
    for (let done = 0; ; ) {
      const length = this.#read(here + done, there + done, PIECE)
      if (length === 0) return done
      if (!this.#areSame(length)) {
        let at = 0
        while (this.#one[at] === this.#two[at]) at++
        return done + at
      }
      done += length
    }
  }

  /** How many bytes before two places are the same, at most so many. */
  sameBefore(here: number, there: number, most: number): number {
    const room = Math.min(most, there)
    for (let done = 0; done < room; ) {
      const size = Math.min(PIECE, room - done)
      this.#read(here - done - size, there - done - size, size)
      if (!this.#areSame(size)) {
        let at = size - 1
        while (this.#one[at] === this.#two[at]) at--
        return done + size - 1 - at
      }
      done += size
    }
    return room
  }

  /** Reads as many bytes of both as both have. */
  #read(here: number, there: number, size: number): number {
    const one = this.#text.readInto(here, this.#one.subarray(0, size))
    return Math.min(one, this.#other.readInto(there, this.#two.subarray(0, size)))
  }

  #areSame(length: number): boolean {
    return this.#one.compare(this.#two, 0, length, 0, length) === 0
  }
}
