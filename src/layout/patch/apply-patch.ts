import { setImmediate } from 'node:timers/promises'
import { constants, zstdDecompressSync } from 'node:zlib'
import type { OpenAt } from '../../deflate/follow/followed-tokens.ts'
import { rebuildGzip } from '../../deflate/rebuild-gzip.ts'
import { NotDeflate } from '../../deflate/stream/not-deflate.ts'
import { ExpectedError } from '../../errors.ts'
import type { UnnamedFile } from '../files/unnamed-file.ts'
import type { LayerPatch, PatchSegment } from './layer-patch.ts'
import type { OpenLayer } from './layer-text.ts'
import { MAX_DESCRIPTION } from './limits.ts'

const PIECE = 32 * 1024

/**
 * The bytes of a layer, made of its patch, which `file` holds, and its base. They are not hashed here: whoever takes them does.
 *
 * @throws {ExpectedError} BUNDLE_INVALID for a patch that does not fit
 */
export async function* applyPatch(
  { patch, file, base }: { patch: LayerPatch; file: UnnamedFile; base: OpenLayer },
  where: string,
): AsyncGenerator<Uint8Array> {
  const segments = patch.segments.values()
  const pull = () => {
    const { value, done } = segments.next()
    return done ? undefined : textOf(value, file, base.text)
  }
  try {
    const pieces = patch.gzip ? rebuildGzip(inflated(file.read(...patch.gzip)), pull, openAt(base.bytes)) : texts(pull)
    for (const piece of pieces) {
      yield piece
      await setImmediate()
    }
  } catch (error) {
    if (!(error instanceof NotDeflate) && !(error instanceof RangeError) && !isZstdError(error)) throw error
    throw new ExpectedError('BUNDLE_INVALID', `${where}: the patch of layer ${patch.layer.digest} does not fit`, {
      hint: 'Copy the delta and its base again; if both are as they were made, make the delta with --patch=off.',
      cause: error,
    })
  }
}

/** Reads the bytes of a layer from any of them on, a piece at a time: the next one, of any reader, takes the place of the last. */
export function openAt(bytes: UnnamedFile): OpenAt {
  const piece = Buffer.allocUnsafeSlow(PIECE)
  return (byte) => {
    let at = byte
    return () => {
      const length = bytes.readInto(at, piece)
      at += length
      return length > 0 ? piece.subarray(0, length) : undefined
    }
  }
}

function* texts(pull: () => Uint8Array | undefined): Generator<Uint8Array> {
  for (let text = pull(); text; text = pull()) yield text
}

function textOf({ text, from, bytes }: PatchSegment, file: UnnamedFile, base: UnnamedFile): Uint8Array {
  if (from.some(([offset, length]) => offset + length > base.size))
    throw new NotDeflate('a range that its base does not have')
  const dictionary = Buffer.concat(from.map(([offset, length]) => base.read(offset, length)))
  if (bytes[1] === 0) {
    if (dictionary.length !== text) throw new NotDeflate('a copy of another length')
    return dictionary
  }
  const result = zstdDecompressSync(file.read(...bytes), {
    maxOutputLength: Math.max(text, 1),
    params: { [constants.ZSTD_d_windowLogMax]: 26 },
    ...(dictionary.length > 0 && { dictionary }),
  })
  if (result.length !== text) throw new NotDeflate('a segment of another length')
  return result
}

function inflated(description: Uint8Array): Uint8Array {
  return zstdDecompressSync(description, { maxOutputLength: MAX_DESCRIPTION })
}

function isZstdError(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return code.startsWith('ZSTD') || code.startsWith('ERR_BUFFER_TOO_LARGE') || code.startsWith('ERR_ZSTD')
}
