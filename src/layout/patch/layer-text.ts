import { createHash, type Hash } from 'node:crypto'
import type { RequiredBlob } from '../../bundle/format/table.ts'
import { BLOCK } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'
import { splitDigest } from '../../oci/digest.ts'
import { type Compression, compressionOf, unpack } from '../compressed/compression.ts'
import { UnnamedFile } from '../files/unnamed-file.ts'
import { decodeHeader, type TarHeader } from '../tar/tar-header.ts'
import { MAX_LAYER_TEXT } from './limits.ts'
import type { TextEntry } from './match/text-range.ts'

const CHUNK = 1 << 20

/** A layer with its bytes, from a file that people know by `path`. */
export interface LayerBytes extends RequiredBlob {
  readonly path: string
  open(): AsyncIterable<Uint8Array>
}

/** A layer at hand, as files to be closed. */
export class OpenLayer {
  /** As it is in its registry. */
  readonly bytes: UnnamedFile
  /** What it is uncompressed; the same file where it is not compressed. */
  readonly text: UnnamedFile

  private constructor(bytes: UnnamedFile, text: UnnamedFile) {
    this.bytes = bytes
    this.text = text
  }

  /**
   * @param unpacks whether a layer that is compressed so is taken as the text that it stands for
   * @throws {ExpectedError} CONTENT_MISMATCH where it is damaged; UNSUPPORTED where it cannot be unpacked, and for more text
   *   than a patch may give; DISK_FULL, DISK_ERROR; what reading throws
   */
  static async open(layer: LayerBytes, unpacks = (_: Compression) => true): Promise<OpenLayer> {
    const hash = createHash(splitDigest(layer.digest).algorithm)
    const bytes = await UnnamedFile.of(hashed(layer.open(), hash))
    try {
      assertIntact(layer, hash.digest('hex'))
      return new OpenLayer(bytes, await textOf(layer, bytes, unpacks))
    } catch (error) {
      await bytes.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.bytes.close()
    if (this.text !== this.bytes) await this.text.close()
  }
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk)
    yield chunk
  }
}

function assertIntact({ digest, path }: LayerBytes, actual: string): void {
  if (actual === splitDigest(digest).hex) return
  throw new ExpectedError('CONTENT_MISMATCH', `${path}: blob ${digest} is damaged: it hashes to ${actual}`, {
    hint: 'Copy that file again, and check it with: nodeseed verify FILE',
  })
}

async function textOf(
  { digest, path }: LayerBytes,
  bytes: UnnamedFile,
  unpacks: (compression: Compression) => boolean,
): Promise<UnnamedFile> {
  const compression = compressionOf(bytes.read(0, 16))
  if (!compression || !unpacks(compression)) return bytes
  try {
    return await UnnamedFile.of(limited(path, unpack(compression, path, chunksOf(bytes))))
  } catch (error) {
    if (error instanceof ExpectedError) throw error
    const problem = error instanceof Error ? error.message : String(error)
    throw new ExpectedError('UNSUPPORTED', `${path}: blob ${digest} cannot be unpacked: ${problem}`, { cause: error })
  }
}

async function* chunksOf(file: UnnamedFile): AsyncGenerator<Uint8Array> {
  yield* file.chunks(CHUNK)
}

async function* limited(path: string, text: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of text) {
    size += chunk.length
    if (size > MAX_LAYER_TEXT) throw new ExpectedError('UNSUPPORTED', `${path}: a layer of over 64 GiB`)
    yield chunk
  }
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
