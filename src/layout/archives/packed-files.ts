import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { ExpectedError } from '../../errors.ts'
import { decode } from '../compressed/decode.ts'

/** A file in a gzipped tar, and its content, which is read before the next file is asked for, or not at all. */
interface PackedFile {
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
}

/**
 * The files of a gzipped tar in their order, without folders and links. Nothing is written anywhere.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE for what unpacks to more bytes than it may; what gunzip and tar-stream say of
 *   what is neither.
 */
export async function* packedFiles(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<PackedFile> {
  const entries = extract()
  const unpacked = Readable.from(atMost(maxBytes, decode(createGunzip(), chunks)))
  unpacked.on('error', (error) => entries.destroy(error))
  unpacked.pipe(entries as unknown as NodeJS.WritableStream)
  try {
    for await (const entry of entries) {
      const name = entry.header.name.replace(/^(?:\.\/)+/, '')
      if (entry.header.type === 'file') yield { name, content: entry as AsyncIterable<Uint8Array> }
      entry.resume()
    }
  } finally {
    unpacked.destroy()
  }
}

async function* atMost(maxBytes: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.byteLength
    if (bytes > maxBytes)
      throw new ExpectedError('INPUT_UNREADABLE', `unpacks to more than ${maxBytes / 1024 / 1024} MiB`)
    yield chunk
  }
}
