import type { ServerResponse } from 'node:http'
import type { BlobSlice } from '../../registry/content.ts'
import type { SharedBytes, SharedChunks } from './shared-chunks.ts'

/** A reader's own buffers: hundreds that take nothing hold no more. */
const SMALL = 16 * 1024
/** A reader that has taken so much is really reading: sockets by themselves hold 4 MiB to send and some more to receive. */
const PROVEN = 24 * 1024 * 1024
/** Pieces of one answer at the same time: one is read while the other is on its way. */
const PIECES = 2

/**
 * Sends part of a blob. Rejects when the reader goes away, the blob cannot be read, or its end may not be sent; what was
 * sent is then incomplete.
 */
export async function pump(
  slice: BlobSlice,
  response: ServerResponse,
  { chunks, onBytes }: { chunks: SharedChunks; onBytes: (bytes: number) => void },
): Promise<void> {
  const { start, end, allow } = slice
  const own: Buffer[] = []
  const sent: Promise<void>[] = []
  try {
    for (let at = start, turn = 0; at < end; turn = (turn + 1) % PIECES) {
      await sent[turn]
      const shared = end - start > SMALL && chunks.take(slice, at, { isProven: at - start >= PROVEN })
      if (!shared) own[turn] ??= Buffer.allocUnsafeSlow(Math.min(SMALL, end - start))
      const { bytes, release } = await (shared || ownPiece(slice, own[turn]!, at))
      const piece = bytes.subarray(0, end - at)
      at += piece.length
      await allow(at).catch((error) => {
        release()
        throw error
      })
      const sending = write(response, piece)
        .then(() => onBytes(piece.length))
        .finally(release)
      sending.catch(() => {}) // reported when it is awaited; until then it is no unhandled rejection
      sent[turn] = sending
    }
    await Promise.all(sent)
  } finally {
    await Promise.allSettled(sent)
  }
}

async function ownPiece({ read, end }: BlobSlice, buffer: Buffer, at: number): Promise<SharedBytes> {
  const filled = await read(buffer.subarray(0, end - at), at)
  return { bytes: buffer.subarray(0, filled), release: () => {} }
}

function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}
