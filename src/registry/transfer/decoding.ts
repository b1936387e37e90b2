import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import type { BlobSink } from '../../oci/content/blob-sink.ts'
import { type HttpResponse, MAX_DOCUMENT } from '../http/send-request.ts'

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

/**
 * What an answer says of how its bytes were encoded on their way, in lower case; undefined for nothing. We ask for none:
 * `Accept-Encoding: identity`. Source: RFC 9110, 8.4.
 */
export function codingOf(headers: HttpResponse['headers']): string | undefined {
  const codings = [headers['content-encoding'] ?? ''].flat().join(',').toLowerCase().split(',')
  const named = codings.map((coding) => coding.trim()).filter((coding) => coding !== '' && coding !== 'identity')
  return named.length > 0 ? named.join(', ') : undefined
}

/** Those that can be undone, the last applied first. What else is named (`aws-chunked`) may say nothing of the bytes. */
function undoable(coding: string): string[] {
  return coding
    .split(', ')
    .filter((name) => Object.hasOwn(DECODERS, name))
    .toReversed()
}

export function canDecode(coding: string): boolean {
  return undoable(coding).length > 0
}

/** A sink for encoded bytes in front of one for those that they stand for. `write` throws where they are none. */
export function decodeInto(coding: string, sink: Pick<BlobSink, 'write'>): Pick<BlobSink, 'write'> {
  return undoable(coding).reduceRight((into, name) => undoInto(name, into), sink)
}

function undoInto(name: string, sink: Pick<BlobSink, 'write'>): Pick<BlobSink, 'write'> {
  const decoder = DECODERS[name]!()
  let busy: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown) => {
    failure ??= { error }
    decoder.destroy()
  }
  decoder.on('error', fail).on('data', (bytes: Buffer) => {
    try {
      const more = failure ? undefined : sink.write(bytes)
      if (more) busy = Promise.all([busy, more]).then(() => {})
      busy?.catch(() => {}) // told when the chunk is through
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
    return undoable(coding).reduce((bytes, name) => WHOLE[name]!(bytes, options), body)
  } catch {
    return undefined
  }
}

const WHOLE: Record<string, (body: Buffer, options: { maxOutputLength: number }) => Buffer> = {
  gzip: zlib.gunzipSync,
  'x-gzip': zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
}

/** The body of an answer as it was before a proxy encoded it; as it came where it is not what its header says. */
export function plainBody({ headers, body }: Pick<HttpResponse, 'headers' | 'body'>): Buffer {
  const coding = codingOf(headers)
  return (coding && decodeAll(coding, body, MAX_DOCUMENT)) || body
}

/** How a document was encoded of which no header says it; JSON begins with none of this. */
export function codingByMagic(body: Buffer): string | undefined {
  const start = body.toString('hex', 0, 4)
  return start.startsWith('1f8b') ? 'gzip' : start === '28b52ffd' ? 'zstd' : undefined
}
