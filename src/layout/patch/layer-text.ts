import { BLOCK } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'
import { compressionOf, unpack } from '../archives/compression.ts'
import { UnnamedFile } from '../files/unnamed-file.ts'
import { decodeHeader, type TarHeader } from '../tar/tar-header.ts'
import { MAX_LAYER_TEXT } from './limits.ts'

/** A file of a layer: its headers and its content, as a range of the layer's text. */
export interface TextEntry {
  readonly name: string
  readonly offset: number
  readonly length: number
}

/**
 * The text of a layer: what it is uncompressed.
 *
 * @throws {ExpectedError} UNSUPPORTED for a compression that is not read, and for over 2 GiB of text; DISK_FULL,
 *   DISK_ERROR; what reading throws
 */
export async function readText(path: string, bytes: AsyncIterable<Uint8Array>): Promise<UnnamedFile> {
  return UnnamedFile.of(limited(path, uncompressed(path, bytes)))
}

async function* limited(path: string, text: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of text) {
    size += chunk.length
    if (size > MAX_LAYER_TEXT) throw new ExpectedError('UNSUPPORTED', `${path}: a layer of over 2 GiB`)
    yield chunk
  }
}

async function* uncompressed(path: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) return
  const all = (async function* () {
    yield first.value
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  })()
  const compression = compressionOf(first.value)
  yield* compression ? unpack(compression, path, all) : all
}

/** The files of a tar in their order; those before what is no tar. Only what tells them apart is read. */
export function entriesOf(text: UnnamedFile): TextEntry[] {
  const entries: TextEntry[] = []
  let [start, longName] = [0, '']
  for (let at = 0; at + BLOCK <= text.size; ) {
    const header = readHeader(text.read(at, BLOCK))
    if (!header) break
    const end = at + BLOCK + Math.ceil(header.size / BLOCK) * BLOCK
    if (end > text.size) break
    if (header.type === 'pax' || header.type === 'long-name') {
      if (header.size < 8 * BLOCK) longName = nameIn(text.read(at + BLOCK, header.size), header) || longName
    } else if (header.type !== 'long-link') {
      entries.push({ name: longName || header.name, offset: start, length: end - start })
      start = end
      longName = ''
    }
    at = end
  }
  return entries
}

function readHeader(block: Buffer): TarHeader | undefined {
  try {
    return decodeHeader(block)
  } catch {
    return undefined // no tar, or no more of one
  }
}

function nameIn(content: Buffer, { type }: TarHeader): string {
  const text = content.toString('utf8')
  return type === 'pax' ? (/(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1] ?? '') : text.replace(/\0+$/, '')
}
