import type { ServerResponse } from 'node:http'
import type { BlobSlice } from '../../registry/content.ts'

/** What a reader begins with. */
const SMALL = 16 * 1024
/** What reading and sending are fastest with. */
const LARGE = 256 * 1024
/** A reader that has taken so much is really reading: sockets by themselves hold 4 MiB to send and some more to receive. */
const PROVEN = 24 * 1024 * 1024

/**
 * Large buffers that are used again and again: fresh memory for every chunk costs more time than reading and sending it.
 * There is a fixed number of them, for readers that take what they asked for; hundreds that do not keep only small ones.
 */
export class BufferPool {
  readonly #free: Buffer[] = []
  #unmade: number

  constructor(maxBytes = 32 * 1024 * 1024) {
    this.#unmade = Math.floor(maxBytes / LARGE)
  }

  /** A large buffer, or undefined when all are out. */
  take(): Buffer | undefined {
    const free = this.#free.pop()
    if (free || this.#unmade === 0) return free
    this.#unmade--
    return Buffer.allocUnsafeSlow(LARGE)
  }

  /** Takes a large buffer back; one of any other size is nothing to the pool. */
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
  const buffers = [newSendBuffer(end - start), newSendBuffer(end - start)]
  try {
    for (let at = start, turn = 0; at < end; turn++) {
      const current = buffers[turn % buffers.length]!
      await current.sent
      if (at - start >= PROVEN && current.buffer.length < LARGE) current.buffer = pool.take() ?? current.buffer
      const filled = await read(current.buffer.subarray(0, end - at), at)
      current.sent = write(response, current.buffer.subarray(0, filled)).then(() => onBytes(filled))
      current.sent.catch(() => {}) // reported when it is awaited; until then it is no unhandled rejection
      at += filled
    }
    await Promise.all(buffers.map(({ sent }) => sent))
  } finally {
    await Promise.allSettled(buffers.map(({ sent }) => sent))
    for (const { buffer } of buffers) pool.give(buffer)
  }
}

interface SendBuffer {
  buffer: Buffer
  /** Settles when what was in the buffer has been handed over. */
  sent: Promise<void>
}

function newSendBuffer(needed: number): SendBuffer {
  return { buffer: Buffer.allocUnsafeSlow(Math.min(SMALL, needed)), sent: Promise.resolve() }
}

function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}
