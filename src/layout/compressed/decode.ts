import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** What a decoder makes of chunks, only as fast as it is taken; what fails on either side fails the reader. */
export async function* decode(decoder: Transform, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const feeding = pipeline(Readable.from(chunks, { objectMode: false, highWaterMark: 1 << 20 }), decoder)
  // Reported by the decoder, which is read below.
  feeding.catch(() => {})
  yield* decoder
  await feeding
}
