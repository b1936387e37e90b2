import type { ServerResponse } from 'node:http'
import type { BlobSlice } from './content.ts'

/** Large enough for the speed of the disk, small enough for hundreds of readers at once. */
const LARGE = 256 * 1024
const SMALL = 16 * 1024

/**
 * Buffers that are used again and again: fresh memory for every chunk costs more time than reading and sending it. When
 * all large ones are out, as with hundreds of slow readers, the others get along with small ones, so memory stays bounded.
 */
export class BufferPool {
  readonly #free: Buffer[] = []
  #unmade: number

  constructor(maxBytes = 64 * 1024 * 1024) {
    this.#unmade = Math.floor(maxBytes / LARGE)
  }

  take(): Buffer {
    const free = this.#free.pop()
    if (free) return free
    if (this.#unmade === 0) return Buffer.allocUnsafeSlow(SMALL)
    this.#unmade--
    return Buffer.allocUnsafeSlow(LARGE)
  }

  give(buffer: Buffer): void {
    if (buffer.length === LARGE) this.#free.push(buffer)
  }
}

/**
 * Sends part of a blob: one buffer is filled while the other is on its way. Rejects when the reader goes away or the
 * blob cannot be read; what was sent is then incomplete.
 */
export async function pump(
  { start, end, read }: BlobSlice,
  response: ServerResponse,
  { pool, onBytes }: { pool: BufferPool; onBytes: (bytes: number) => void },
): Promise<void> {
  const lanes = [pool.take(), pool.take()].map((buffer) => ({ buffer, sent: Promise.resolve() }))
  try {
    for (let at = start, turn = 0; at < end; turn++) {
      const lane = lanes[turn % lanes.length]!
      await lane.sent
      const filled = await read(lane.buffer.subarray(0, end - at), at)
      lane.sent = write(response, lane.buffer.subarray(0, filled)).then(() => onBytes(filled))
      lane.sent.catch(() => {}) // reported when it is awaited; until then it is no unhandled rejection
      at += filled
    }
    await Promise.all(lanes.map(({ sent }) => sent))
  } finally {
    await Promise.allSettled(lanes.map(({ sent }) => sent))
    for (const { buffer } of lanes) pool.give(buffer)
  }
}

function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}
