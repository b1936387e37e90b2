import type { BitReader } from './bits.ts'
import { NotDeflate } from './not-deflate.ts'

/** Names and comments longer than this are no header of a layer. */
const MAX_HEADER = 4096

/**
 * The header of a gzip member (RFC 1952, 2.3), as it is: time, level, system and names are the writer's own.
 *
 * @throws {NotDeflate}
 */
export function readGzipHeader(reader: BitReader): Uint8Array {
  const bytes: number[] = []
  const take = () => {
    if (bytes.length === MAX_HEADER) throw new NotDeflate('a gzip header of over 4 KiB')
    const byte = reader.read(8)
    bytes.push(byte)
    return byte
  }
  if (take() !== 0x1f || take() !== 0x8b || take() !== 8) throw new NotDeflate('no gzip header')
  const flags = take()
  for (let at = 0; at < 6; at++) take()
  if (flags & 4) for (let left = take() | (take() << 8); left > 0; left--) take()
  for (const flag of [8, 16]) if (flags & flag) while (take() !== 0);
  if (flags & 2) for (let at = 0; at < 2; at++) take()
  return Uint8Array.from(bytes)
}
