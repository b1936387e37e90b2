import type { UnnamedFile } from '../../files/unnamed-file.ts'

/** Places are told apart up to so many bytes. */
export const BUCKET = 64 * 1024
const CHUNK = 1 << 20
/** Places that are remembered of a text, at most: a power of two. */
const MAX_PLACES = 1 << 19
/** Between two places of a small text are so many bytes, on the average. */
const NEAREST = 512

/** One random number for each byte, the same in every run. */
const GEAR = Int32Array.from({ length: 256 }, (_, byte) => {
  let state = (byte + 1) * 0x9e3779b1
  for (let round = 0; round < 4; round++) state = Math.imul(state ^ (state >>> 15), 0x85ebca6b)
  return state
})

/**
 * Where a text has what another text has, too: places are remembered by the 32 bytes before them, which alone decide whether
 * a place is one. So what moved is found wherever it is, and nothing else of the text is held.
 */
export class TextIndex {
  readonly #hashes = new Int32Array(2 * MAX_PLACES)
  /** Each with one added. */
  readonly #places = new Float64Array(2 * MAX_PLACES)
  readonly #shift: number
  #count = 0

  constructor(text: UnnamedFile) {
    const spacing = Math.max(NEAREST, (2 * text.size) / MAX_PLACES)
    this.#shift = 32 - Math.ceil(Math.log2(spacing))
    for (let at = 0; at < text.size && this.#count < MAX_PLACES; at += CHUNK) {
      this.#each(text.read(at, CHUNK), (hash, place) => this.#remember(hash, at + place))
    }
  }

  /** How many places of these bytes each bucket of the text has, by the number of the bucket. */
  votesOf(bytes: Uint8Array): Map<number, number> {
    const votes = new Map<number, number>()
    this.#each(bytes, (hash) => {
      const place = this.#places[this.#slotOf(hash)]! - 1
      if (place < 0) return
      const bucket = Math.floor(place / BUCKET)
      votes.set(bucket, (votes.get(bucket) ?? 0) + 1)
    })
    return votes
  }

  /** Places in these bytes that the text seems to have, too, and where: the last of the 32 bytes. */
  placesOf(bytes: Uint8Array): { readonly here: number; readonly there: number }[] {
    const found: { here: number; there: number }[] = []
    this.#each(bytes, (hash, here) => {
      const there = this.#places[this.#slotOf(hash)]! - 1
      if (there >= 0) found.push({ here, there })
    })
    return found
  }

  #each(bytes: Uint8Array, found: (hash: number, place: number) => void): void {
    const shift = this.#shift
    let [hash, last] = [0, 0]
    for (let at = 0; at < bytes.length; at++) {
      hash = ((hash << 1) + GEAR[bytes[at]!]!) | 0
      // A run of one byte has one place only.
      if (hash >>> shift !== 0 || hash === last) continue
      last = hash
      found(hash, at)
    }
  }

  /** The first place with a hash stays. */
  #remember(hash: number, place: number): void {
    const slot = this.#slotOf(hash)
    if (this.#places[slot] !== 0 || this.#count === MAX_PLACES) return
    this.#hashes[slot] = hash
    this.#places[slot] = place + 1
    this.#count++
  }

  #slotOf(hash: number): number {
    const mask = this.#hashes.length - 1
    let slot = Math.imul(hash, 0x9e3779b1) >>> 12
    while (this.#places[slot] !== 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & mask
    return slot
  }
}
