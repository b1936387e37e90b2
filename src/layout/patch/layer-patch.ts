import { arrayAt, countAt, digestAt, invalid, objectAt } from '../../bundle/format/fields/fields.ts'
import type { RequiredBlob } from '../../bundle/format/table.ts'
import { MAX_HEAD, MAX_LAYER_TEXT } from './limits.ts'
import { MAX_SEGMENT, MAX_SEGMENT_BASE, type TextRange } from './match/text-range.ts'

/** Some of a layer's text: what zstd makes of it with ranges of the base's text as its dictionary. */
export interface PatchSegment {
  /** Bytes of text. */
  readonly text: number
  /** Of the base's text, in this order. */
  readonly from: readonly TextRange[]
  /** Of the patch. */
  readonly bytes: TextRange
}

/**
 * How the bytes of a layer are made of another layer that the receiver has: text (what a layer is uncompressed) from
 * text, and from that the bytes that the registry has.
 */
export interface LayerPatch {
  readonly layer: RequiredBlob
  readonly base: RequiredBlob
  /**
   * Where in the patch it stands how the layer was compressed, for `rebuildGzip`, itself compressed by zstd; nothing where it
   * is not compressed.
   */
  readonly gzip: TextRange | undefined
  readonly segments: readonly PatchSegment[]
}

/** What the first lines of a patch say of it; what follows them are `gzip` bytes, then those of each segment. */
export interface PatchHead extends Pick<LayerPatch, 'layer' | 'base'> {
  readonly gzip: number
  readonly segments: readonly (Omit<PatchSegment, 'bytes'> & { readonly bytes: number })[]
}

const MAGIC = 'nodeseed layer patch 1\n'

/** A line that says what this is, and a line of JSON. */
export function encodeHead({ layer, base, gzip, segments }: PatchHead): Uint8Array {
  const each = segments.map(({ text, from, bytes }) => ({ text, from, bytes }))
  return Buffer.from(`${MAGIC}${JSON.stringify({ layer, base, gzip, segments: each })}\n`)
}

/**
 * What a patch says, from its beginning, where its first lines are, and its size.
 *
 * @throws {ExpectedError} BUNDLE_INVALID, saying what is wrong
 */
export function parsePatch(beginning: Uint8Array, size: number, where: string): LayerPatch {
  const bytes = Buffer.from(beginning.buffer, beginning.byteOffset, beginning.byteLength)
  const end = bytes.subarray(0, MAX_HEAD).indexOf(10, MAGIC.length)
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC || end < 0) throw invalid(where, 'not a patch of a layer')
  const head = objectAt(parsed(bytes.toString('utf8', MAGIC.length, end), where), where)
  let at = end + 1
  const take = (length: number): TextRange => {
    if (at + length > size) throw invalid(where, 'it ends too early')
    at += length
    return [at - length, length]
  }
  const gzipLength = countAt(head.gzip, `${where}, gzip`)
  const gzip = gzipLength > 0 ? take(gzipLength) : undefined
  let whole = 0
  const segments = arrayAt(head.segments, `${where}, segments`).map((value, index): PatchSegment => {
    const place = `${where}, segments[${index}]`
    const segment = objectAt(value, place)
    const text = countAt(segment.text, place)
    whole += text
    if (text > MAX_SEGMENT || whole > MAX_LAYER_TEXT) throw invalid(place, 'more text than a patch may give')
    const from = arrayAt(segment.from, place).map((range) => rangeAt(range, place))
    if (from.reduce((sum, [, length]) => sum + length, 0) > MAX_SEGMENT_BASE)
      throw invalid(place, 'more than is read at once')
    return { text, from, bytes: take(countAt(segment.bytes, place)) }
  })
  if (at !== size) throw invalid(where, 'bytes behind its end')
  return { layer: blobAt(head.layer, where), base: blobAt(head.base, where), gzip, segments }
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid(where, 'its first lines are no JSON')
  }
}

function rangeAt(value: unknown, where: string): TextRange {
  const [offset, length] = arrayAt(value, where)
  return [countAt(offset, where), countAt(length, where)]
}

function blobAt(value: unknown, where: string): RequiredBlob {
  const { digest, size } = objectAt(value, where)
  return { digest: digestAt(digest, where), size: countAt(size, where) }
}
