import { NotDeflate } from './not-deflate.ts'

/** Reads the next bytes; nothing at the end. */
export type Pull = () => Uint8Array | undefined

/** Bits of a stream as deflate packs them: the lowest bit of a byte first (RFC 1951, 3.1.1). */
export class BitReader {
  readonly #pull: Pull
  #bytes: Uint8Array = new Uint8Array()
  #at = 0
  #before = 0
  #hold = 0
  #held = 0

  constructor(pull: Pull) {
    this.#pull = pull
  }

  /** Bits that were taken so far. */
  get position(): number {
    return (this.#before + this.#at) * 8 - this.#held
  }

  /** @throws {NotDeflate} at the end of the stream */
  read(count: number): number {
    if (this.#held < count) this.fill(count)
    const value = this.#hold & ((1 << count) - 1)
    this.#hold >>>= count
    this.#held -= count
    return value
  }

  /** The next bits without taking them, zeros after the end; `count` is at most 16. */
  peek(count: number): number {
    while (this.#held < count && this.#more()) {
      this.#hold |= this.#bytes[this.#at++]! << this.#held
      this.#held += 8
    }
    return this.#hold & ((1 << count) - 1)
  }

  /** @throws {NotDeflate} where fewer are left */
  skip(count: number): void {
    if (this.#held < count) throw new NotDeflate('it ends within a code')
    this.#hold >>>= count
    this.#held -= count
  }

  /** The bits up to the next whole byte. */
  align(): number {
    return this.read(this.#held & 7)
  }

  /** Whole bytes, after {@link align}. */
  bytes(count: number): Uint8Array {
    const result = new Uint8Array(count)
    let filled = 0
    while (filled < count && this.#held >= 8) result[filled++] = this.read(8)
    while (filled < count) {
      if (!this.#more()) throw new NotDeflate('it ends within a block')
      const part = this.#bytes.subarray(this.#at, this.#at + count - filled)
      result.set(part, filled)
      filled += part.length
      this.#at += part.length
    }
    return result
  }

  get atEnd(): boolean {
    return this.#held === 0 && !this.#more()
  }

  private fill(count: number): void {
    this.peek(count)
    if (this.#held < count) throw new NotDeflate('it ends within a block')
  }

  #more(): boolean {
    while (this.#at >= this.#bytes.length) {
      const next = this.#pull()
      if (!next) return false
      this.#before += this.#bytes.length
      this.#bytes = next
      this.#at = 0
    }
    return true
  }
}

/** Packs bits as {@link BitReader} reads them. */
export class BitWriter {
  #bytes = new Uint8Array(64 * 1024)
  #length = 0
  #hold = 0
  #held = 0

  /** `count` is at most 16. */
  write(value: number, count: number): void {
    this.#hold |= value << this.#held
    this.#held += count
    if (this.#held < 16) return
    if (this.#length + 2 > this.#bytes.length) this.#grow(2)
    this.#bytes[this.#length++] = this.#hold & 255
    this.#bytes[this.#length++] = (this.#hold >>> 8) & 255
    this.#hold >>>= 16
    this.#held -= 16
  }

  align(): void {
    if (this.#held > 8) this.write(0, 16 - this.#held)
    else if (this.#held > 0) this.#byte()
  }

  bytes(bytes: Uint8Array): void {
    this.align()
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** What is complete; what follows begins anew, with the bits that make no byte yet. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  get length(): number {
    return this.#length
  }

  #byte(): void {
    if (this.#length + 1 > this.#bytes.length) this.#grow(1)
    this.#bytes[this.#length++] = this.#hold & 255
    this.#hold = 0
    this.#held = 0
  }

  #grow(room: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + room))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}
