import { WINDOW } from '../stream/symbols.ts'

/** Places are remembered as 32-bit numbers, counted from a beginning that moves up after so much text. */
export const RECOUNTED_AFTER = 2 ** 30

/** What a writer can see: the text before a place and some of the text after it, by position in the whole. */
export class SlidingText {
  #bytes: Uint8Array = new Uint8Array(128 * 1024)
  #start = 0
  #end = 0

  /** Position after the last byte that is known. */
  get end(): number {
    return this.#end
  }

  /** Position of the first byte of {@link bytes}. */
  get start(): number {
    return this.#start
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Adds text; what lies more than a window before `position` may go. */
  append(text: Uint8Array, position: number): void {
    const held = this.#end - this.#start
    if (held + text.length > this.#bytes.length) this.#makeRoom(text.length, position)
    this.#bytes.set(text, this.#end - this.#start)
    this.#end += text.length
  }

  #makeRoom(length: number, position: number): void {
    const keep = Math.max(this.#start, position - WINDOW - 1)
    const kept = this.#bytes.subarray(keep - this.#start, this.#end - this.#start)
    if ((kept.length + length) * 2 > this.#bytes.length) {
      const larger = new Uint8Array((kept.length + length) * 2)
      larger.set(kept)
      this.#bytes = larger
    } else {
      this.#bytes.copyWithin(0, keep - this.#start, this.#end - this.#start)
    }
    this.#start = keep
  }
}
