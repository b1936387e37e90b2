import { createHash, type Hash } from 'node:crypto'
import type { RequiredBlob } from '../../bundle/format/table.ts'
import { BLOCK } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'
import { hashChunks, splitDigest } from '../../oci/digest.ts'
import { compressionOf, unpack } from '../compressed/compression.ts'
import { UnnamedFile } from '../files/unnamed-file.ts'
import { decodeHeader, type TarHeader } from '../tar/tar-header.ts'
import { MAX_LAYER_TEXT } from './limits.ts'

/** A file of a layer: its headers and its content, as a range of the layer's text. */
export interface TextEntry {
  readonly name: string
  readonly offset: number
  readonly length: number
}

/** A layer with its bytes, from a file that people know by `path`. */
export interface LayerBytes extends RequiredBlob {
  readonly path: string
  open(): AsyncIterable<Uint8Array>
}

/**
 * The text of a layer, what it is uncompressed: of the very layer, since its bytes are hashed as they are read.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH where it is damaged; UNSUPPORTED where it cannot be unpacked, and for over 2 GiB of
 *   text; DISK_FULL, DISK_ERROR; what reading throws
 */
export async function readText(layer: LayerBytes): Promise<UnnamedFile> {
  const { digest, path } = layer
  const hash = createHash(splitDigest(digest).algorithm)
  const bytes = hashed(layer.open(), hash)
  let text: UnnamedFile | undefined
  try {
    text = await UnnamedFile.of(limited(path, uncompressed(path, bytes)))
    // What stands behind the end of what is compressed is not read on the way.
    if (hash.digest('hex') !== splitDigest(digest).hex) await assertIntact(layer)
    return text
  } catch (error) {
    await text?.close()
    if (error instanceof ExpectedError) throw error
    // Zlib says what is wrong before all was read.
    await assertIntact(layer)
    throw notUnpacked(layer, error)
  }
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk)
    yield chunk
  }
}

async function assertIntact(layer: LayerBytes): Promise<void> {
  const { digest, path } = layer
  const actual = await hashChunks(layer.open(), splitDigest(digest).algorithm)
  if (actual === digest) return
  throw new ExpectedError('CONTENT_MISMATCH', `${path}: blob ${digest} is damaged: it hashes to ${actual}`, {
    hint: 'Copy that file again, and check it with: nodeseed verify FILE',
  })
}

function notUnpacked({ digest, path }: LayerBytes, cause: unknown): ExpectedError {
  const problem = cause instanceof Error ? cause.message : String(cause)
  return new ExpectedError('UNSUPPORTED', `${path}: blob ${digest} cannot be unpacked: ${problem}`, { cause })
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
