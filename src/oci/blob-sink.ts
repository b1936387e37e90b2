/** Where the bytes of one blob go, in order. */
export interface BlobSink {
  /** Bytes taken so far. */
  readonly received: number
  /** A promise means: wait for it before the next chunk. */
  write(chunk: Uint8Array): Promise<void> | undefined
}
