import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import type { BlobSink } from '../../oci/content/blob-sink.ts'

/** What each chunk is flushed with, so that nothing is kept back until the end, of which nobody tells. */
const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = zlib.constants

/** Decoders by the names of HTTP. Source: IANA, HTTP content coding registry. */
const DECODERS: Record<string, () => Transform> = {
  gzip: () => zlib.createGunzip({ flush: Z_SYNC_FLUSH }),
  'x-gzip': () => zlib.createGunzip({ flush: Z_SYNC_FLUSH }),
  deflate: () => zlib.createInflate({ flush: Z_SYNC_FLUSH }),
  br: () => zlib.createBrotliDecompress({ flush: BROTLI_OPERATION_FLUSH }),
  zstd: () => zlib.createZstdDecompress({ flush: ZSTD_e_flush }),
}

/** The one content coding of an answer, in lower case; undefined for none. We ask for none: `Accept-Encoding: identity`. */
export function codingOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const coding = String(headers['content-encoding'] ?? '')
    .trim()
    .toLowerCase()
  return coding === '' || coding === 'identity' ? undefined : coding
}

export function canDecode(coding: string): boolean {
  return Object.hasOwn(DECODERS, coding)
}

/** A sink for encoded bytes in front of one for those that they stand for. `write` throws where they are none. */
export function decodeInto(coding: string, sink: Pick<BlobSink, 'write'>): Pick<BlobSink, 'write'> {
  const decoder = DECODERS[coding]?.()
  if (!decoder) throw new Error(`no decoder for ${coding}`)
  let busy: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown) => {
    failure ??= { error }
    decoder.destroy()
  }
  decoder.on('error', fail).on('data', (bytes: Buffer) => {
    try {
      if (!failure) busy = sink.write(bytes) ?? busy
    } catch (error) {
      fail(error)
    }
  })
  return {
    async write(chunk) {
      // Its memory belongs to the connection.
      const bytes = Buffer.from(chunk)
      await new Promise<void>((resolve) => {
        decoder.once('close', resolve)
        decoder.write(bytes, () => {
          decoder.off('close', resolve)
          resolve()
        })
      })
      await busy
      if (failure) throw failure.error
    },
  }
}

/** All of a small body; undefined where it is not so encoded, or larger than the limit in bytes. */
export function decodeAll(coding: string, body: Buffer, limit: number): Buffer | undefined {
  const options = { maxOutputLength: limit }
  try {
    if (coding === 'gzip' || coding === 'x-gzip') return zlib.gunzipSync(body, options)
    if (coding === 'deflate') return zlib.inflateSync(body, options)
    if (coding === 'br') return zlib.brotliDecompressSync(body, options)
    return coding === 'zstd' ? zlib.zstdDecompressSync(body, options) : undefined
  } catch {
    return undefined
  }
}
