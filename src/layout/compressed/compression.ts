import { createGunzip } from 'node:zlib'
import { ExpectedError } from '../../errors.ts'
import { decode } from './decode.ts'
import { unzstd } from './zstd.ts'

type Chunks = AsyncIterable<Uint8Array>

/** A way to compress a file: how it begins, and what unpacks it here or by hand. */
export interface Compression {
  readonly name: string
  readonly magic: readonly number[]
  /** The program that unpacks it, and how. */
  readonly byHand: string
  readonly unpack?: (chunks: Chunks) => Chunks
}

/** Those that people give image archives; what has no `unpack` is left to a program of this machine, or refused. */
const COMPRESSIONS: readonly Compression[] = [
  { name: 'gzip', magic: [0x1f, 0x8b], byHand: 'gzip -dk', unpack: gunzip },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], byHand: 'zstd -d', unpack: unzstd },
  // Skippable frames, with which pzstd begins.
  { name: 'zstd', magic: [0x50, 0x2a, 0x4d, 0x18], byHand: 'zstd -d', unpack: unzstd },
  { name: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18], byHand: 'lz4 -d' },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68], byHand: 'bzip2 -dk' },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], byHand: 'xz -dk' },
  { name: 'zip', magic: [0x50, 0x4b, 0x03, 0x04], byHand: 'unzip' },
]

/** How what begins with these bytes is compressed; undefined where it is not. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  return COMPRESSIONS.find(({ magic }) => magic.every((byte, at) => head[at] === byte))
}

/** The bytes of a compressed file. @throws {ExpectedError} UNSUPPORTED with the program that unpacks it by hand */
export function unpack({ name, byHand, unpack: how }: Compression, path: string, chunks: Chunks): Chunks {
  if (how) return how(chunks)
  throw new ExpectedError('UNSUPPORTED', `${path}: compressed with ${name}, which is not read here`, {
    hint: `Unpack it first with: ${byHand} ${path}`,
  })
}

/** Node's decoder ends without a word where zeros follow, as on tapes, and with it whatever comes behind those. */
async function* gunzip(chunks: Chunks): Chunks {
  const decoder = createGunzip({ chunkSize: 1 << 20 })
  let [total, last] = [0, 0]
  const watched = async function* (): Chunks {
    for await (const chunk of chunks) {
      const end = chunk.findLastIndex((byte) => byte !== 0) + 1
      if (end > 0) last = total + end
      total += chunk.length
      yield chunk
    }
  }
  yield* decode(decoder, watched())
  if (last > decoder.bytesWritten) throw new Error('data behind its end')
}
