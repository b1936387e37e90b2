import { NotDeflate } from './not-deflate.ts'

/** Whole numbers, seven bits a byte, the lowest first; the highest bit says that more follow (LEB128). */
export class VarintWriter {
  #bytes = new Uint8Array(1024)
  #length = 0

  number(value: number): void {
    this.#room(8)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 128
    this.#bytes[this.#length++] = rest
  }

  /** Bytes, with their count before them. */
  bytes(bytes: Uint8Array): void {
    this.number(bytes.length)
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  get length(): number {
    return this.#length
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #room(length: number): void {
    if (this.#length + length <= this.#bytes.length) return
    const larger = new Uint8Array((this.#length + length) * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

export class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** @throws {NotDeflate} at the end, and for numbers that no program can count with */
  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new NotDeflate('a description that ends too early')
      value += (byte & 127) * scale
      if (value > Number.MAX_SAFE_INTEGER) throw new NotDeflate('a description with a number too large')
      if (byte < 128) return value
    }
  }

  bytes(): Uint8Array {
    const length = this.number()
    if (this.#at + length > this.#bytes.length) throw new NotDeflate('a description that ends too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }
}
