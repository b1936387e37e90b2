import { createHash, type Hash } from 'node:crypto'

/** Takes what a blob's bytes are written to, keeps none of them and knows their SHA-256. */
export class HashingSink {
  received = 0
  readonly #hash = createHash('sha256')

  write(chunk: Uint8Array): undefined {
    this.received += chunk.length
    this.#hash.update(chunk)
  }

  hashSoFar(): Hash {
    return this.#hash.copy()
  }
}
