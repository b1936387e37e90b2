import type { BlobSlice } from '../../registry/content.ts'

/** Bytes of a chunk: what reading and sending are fastest with. */
export const CHUNK = 512 * 1024

/** Chunks that are kept for whoever is sent the same a little later, while there is other memory. */
const KEPT = 8

/** Bytes of a blob that others may be sending too, only to be read. */
export interface SharedBytes {
  readonly bytes: Uint8Array
  /** Gives them back; call it once. */
  readonly release: () => void
}

interface Chunk {
  readonly key: string
  readonly buffer: Buffer
  readonly filled: Promise<number>
  readers: number
}

/**
 * Chunks of blobs that are read once for all who are sent them at about the same time, as nodes that start the same
 * workload are. Their memory is bounded and used again: fresh memory for every chunk costs more time than reading it.
 */
export class SharedChunks {
  readonly #capacity: number
  /** The one that was used longest ago comes first. */
  readonly #chunks = new Map<string, Chunk>()
  readonly #spare: Buffer[] = []
  #unmade: number
  #held = 0

  constructor(maxBytes = 32 * 1024 * 1024) {
    this.#capacity = Math.floor(maxBytes / CHUNK)
    this.#unmade = this.#capacity
  }

  /**
   * The bytes from a position to the end of its chunk; undefined where readers hold too many chunks. Half of them are
   * for readers that have proven that they read.
   */
  take(slice: BlobSlice, position: number, { isProven }: { isProven: boolean }): Promise<SharedBytes> | undefined {
    const start = position - (position % CHUNK)
    const key = `${slice.source} ${start}`
    const known = this.#chunks.get(key)
    const mayHold = this.#held < (isProven ? this.#capacity : this.#capacity / 2)
    if (!mayHold && !known?.readers) return undefined
    const chunk = known ?? this.#read(slice, { key, start, buffer: this.#freeBuffer() })
    if (chunk.readers++ === 0) this.#held++
    this.#chunks.delete(key)
    this.#chunks.set(key, chunk)
    const release = () => this.#release(chunk)
    return chunk.filled.then(
      (filled) => ({ bytes: chunk.buffer.subarray(position - start, filled), release }),
      (error) => {
        release()
        throw error
      },
    )
  }

  #read(slice: BlobSlice, { key, start, buffer }: { key: string; start: number; buffer: Buffer }): Chunk {
    const filled = fill(slice, buffer.subarray(0, slice.size - start), start)
    return { key, buffer, filled, readers: 0 }
  }

  #release(chunk: Chunk): void {
    if (--chunk.readers > 0) return
    this.#held--
    // Who read it has heard of a failure, and the next one tries again.
    chunk.filled.catch(() => {
      if (chunk.readers > 0 || this.#chunks.get(chunk.key) !== chunk) return
      this.#chunks.delete(chunk.key)
      this.#spare.push(chunk.buffer)
    })
  }

  /** Call it only while not every chunk is held. */
  #freeBuffer(): Buffer {
    const spare = this.#spare.pop()
    if (spare) return spare
    const oldest = this.#chunks.values().find(({ readers }) => readers === 0)
    if (oldest && (this.#unmade === 0 || this.#chunks.size - this.#held >= KEPT)) {
      this.#chunks.delete(oldest.key)
      return oldest.buffer
    }
    this.#unmade--
    return Buffer.allocUnsafeSlow(CHUNK)
  }
}

async function fill({ read }: BlobSlice, buffer: Buffer, start: number): Promise<number> {
  let filled = 0
  while (filled < buffer.length) filled += await read(buffer.subarray(filled), start + filled)
  return filled
}
