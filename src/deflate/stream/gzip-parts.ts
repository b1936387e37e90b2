import { crc32 } from 'node:zlib'
import type { BitReader } from './bits.ts'
import { readGzipHeader } from './gzip-header.ts'
import { type DeflateBlock, Inflater } from './inflate.ts'
import { NotDeflate } from './not-deflate.ts'

/** What a gzip file consists of, in its order. A file may have several members, each header, blocks and end (RFC 1952, 2.2). */
export type GzipPart =
  | { readonly kind: 'header'; readonly bytes: Uint8Array }
  | { readonly kind: 'block'; readonly block: DeflateBlock }
  | { readonly kind: 'end' }

/** @throws {NotDeflate} for what is no gzip, is damaged, or has bytes that its text does not give */
export function* gzipParts(reader: BitReader): Generator<GzipPart, void> {
  do {
    yield { kind: 'header', bytes: readGzipHeader(reader) }
    const inflater = new Inflater(reader)
    let [checksum, length] = [0, 0]
    for (let isLast = false; !isLast; ) {
      const block = inflater.next()
      checksum = crc32(block.text, checksum)
      length += block.text.length
      isLast = block.isLast
      yield { kind: 'block', block }
    }
    if (reader.align() !== 0) throw new NotDeflate('bits set after the last block')
    if (wordOf(reader) !== checksum) throw new NotDeflate('a checksum that does not fit')
    if (wordOf(reader) !== length % 2 ** 32) throw new NotDeflate('a length that does not fit')
    yield { kind: 'end' }
  } while (!reader.atEnd)
}

function wordOf(reader: BitReader): number {
  return reader.read(16) + reader.read(16) * 0x10000
}
