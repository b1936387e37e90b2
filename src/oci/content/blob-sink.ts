import type { Hash } from 'node:crypto'

/** Where the bytes of one blob go, in order. */
export interface BlobSink {
  /** Bytes taken so far. */
  readonly received: number
  /** A promise means: wait for it before the next chunk. The memory of the chunk is not the sink's to keep. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** A hash of the bytes taken so far, by the algorithm of the blob's digest, to go on with. */
  hashSoFar?(): Hash
}
