import { constants, createZstdDecompress } from 'node:zlib'
import { ByteCursor } from './byte-cursor.ts'
import { decode } from './decode.ts'

/** A block is at most this long. */
const MAX_BLOCK = 128 * 1024

/** Up to the largest window that there is (`--long=31`); memory is taken as far as the content goes. */
function decoder() {
  return createZstdDecompress({ chunkSize: 1 << 20, params: { [constants.ZSTD_d_windowLogMax]: 31 } })
}

/**
 * Unpacks zstd data. Node's decoder ends with the first frame and drops what follows without a word, while `pzstd` and
 * programs that append write many; so frames are found here and decoded one by one. Source: RFC 8878, 3.1.
 *
 * @throws {Error} with the reason, for what is no zstd data, or is cut off.
 */
export async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const cursor = new ByteCursor(chunks)
  while (await cursor.hasMore()) {
    const magic = await cursor.take(4)
    const number = magic.readUInt32LE()
    if (number === 0xfd2fb528) yield* decode(decoder(), frame(cursor, magic))
    else if ((number & 0xfffffff0) >>> 0 === 0x184d2a50) await cursor.skip((await cursor.take(4)).readUInt32LE())
    else throw new Error('data behind its end that is no zstd frame')
  }
}

/** One frame, in pieces of at most a block. */
async function* frame(cursor: ByteCursor, magic: Buffer): AsyncGenerator<Buffer> {
  const descriptor = await cursor.take(1)
  const flags = descriptor[0] ?? 0
  const isSingleSegment = (flags & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][flags & 3] ?? 0
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0
  yield Buffer.concat([magic, descriptor, await cursor.take((isSingleSegment ? 0 : 1) + dictionary + contentSize)])
  for (let isLast = false; !isLast; ) {
    const header = await cursor.take(3)
    const value = header.readUIntLE(0, 3)
    isLast = (value & 1) === 1
    const [type, size] = [(value >> 1) & 3, value >> 3]
    if (type !== 1 && size > MAX_BLOCK) throw new Error('a block that is larger than any may be')
    // A block of one byte repeated holds that byte alone.
    yield Buffer.concat([header, await cursor.take(type === 1 ? 1 : size)])
  }
  if ((flags & 4) !== 0) yield await cursor.take(4)
}
