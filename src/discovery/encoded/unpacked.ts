import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { isTar, manifestsInTar } from './tar-texts.ts'

/** The bytes that were packed, or why they cannot be had; neither for what holds no manifests. */
interface Unpacked {
  readonly bytes?: Uint8Array
  readonly why?: string
}

/** What a packed text may become. */
const MAX_BYTES = 8_000_000
const OPTIONS = { maxOutputLength: MAX_BYTES }

/** How packed bytes begin, and what unpacks them; without that they are only told. */
const FORMATS: readonly (readonly [start: string, name: string, unpack?: (bytes: Uint8Array) => Buffer])[] = [
  ['1f8b', 'gzip', (bytes) => gunzipSync(bytes, OPTIONS)],
  ['28b52ffd', 'zstd', (bytes) => zstdDecompressSync(bytes, OPTIONS)],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
  ['04224d18', 'lz4'],
  ['504b0304', 'zip'],
]
/** An entry of a zip's directory, and where its name stands. */
const ZIP_ENTRY = Buffer.from('PK\x01\x02', 'latin1')
const ZIP_NAME = 46

/** Unpacks what gzip, zstd and tar packed; what is no packed file is itself. */
export function unpacked(bytes: Buffer): Unpacked {
  const start = bytes.subarray(0, 6).toString('hex')
  const [, name, unpack] = FORMATS.find(([magic]) => start.startsWith(magic)) ?? []
  if (name === 'zip') return { ...whyZip(bytes) }
  if (name !== undefined && !unpack) return { why: `is packed with ${name}, which is not read` }
  if (name === undefined || !unpack) return isTar(bytes) ? manifestsInTar(bytes) : { bytes }
  try {
    const plain = unpack(bytes)
    return isTar(plain) ? manifestsInTar(plain) : { bytes: plain }
  } catch (error) {
    const isLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    return {
      why: isLarge ? `unpacks to more than ${MAX_BYTES / 1_000_000} MB` : `cannot be unpacked: its ${name} is broken`,
    }
  }
}

/** A zip is told where it has manifests, or where its directory cannot be read. */
function whyZip(bytes: Buffer): { why?: string } {
  const names: string[] = []
  for (
    let at = bytes.indexOf(ZIP_ENTRY);
    at >= 0 && at + ZIP_NAME <= bytes.length;
    at = bytes.indexOf(ZIP_ENTRY, at + 4)
  )
    names.push(bytes.toString('utf8', at + ZIP_NAME, at + ZIP_NAME + bytes.readUInt16LE(at + 28)))
  if (names.length === 0) return { why: 'is a zip whose directory cannot be read' }
  return names.some((name) => /\.(?:ya?ml|json)$/i.test(name))
    ? { why: 'is a zip that holds manifests, which is not read' }
    : {}
}
