import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { constants, zstdCompressSync } from 'node:zlib'
import { describeGzip } from '../../deflate/describe-gzip.ts'
import { NotDeflate } from '../../deflate/stream/not-deflate.ts'
import { ExpectedError } from '../../errors.ts'
import { splitDigest } from '../../oci/digest.ts'
import { UnnamedFile } from '../files/unnamed-file.ts'
import { applyPatch } from './apply-patch.ts'
import { baseRanges } from './base-ranges.ts'
import { encodeHead, type PatchHead, parsePatch } from './layer-patch.ts'
import { entriesOf, type LayerBytes, readText } from './layer-text.ts'
import { MAX_DESCRIPTION, MAX_HEAD } from './limits.ts'
import { type MadePatch, NO_GAIN, TravelsWhole } from './made-patch.ts'
import { planSegments } from './plan-segments.ts'
import { TextIndex } from './text-index.ts'

/**
 * Found by trying: stronger levels take ten times as long; smaller tables forget most of what a segment is made from, larger
 * ones need more memory than they save bytes.
 */
const ZSTD = {
  [constants.ZSTD_c_compressionLevel]: 12,
  [constants.ZSTD_c_windowLog]: 26,
  [constants.ZSTD_c_hashLog]: 23,
  [constants.ZSTD_c_chainLog]: 23,
}
const CHUNK = 1 << 20
const OTHER_BYTES = 'a patch made other bytes when it was tried'

/**
 * The patch that makes a layer of another one; none where the layer itself is smaller, or cannot be made again to the byte: one
 * that is compressed by zstd, or by nothing that is known; or where the base cannot be unpacked.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH where the base is damaged; DISK_FULL, DISK_ERROR; what reading throws
 */
export async function makePatch(layer: LayerBytes, base: LayerBytes): Promise<MadePatch> {
  const text = await UnnamedFile.open()
  try {
    const gzip = await takeApart(layer, text)
    return { patch: await patchOf({ layer, base, gzip }, text) }
  } catch (error) {
    if (error instanceof TravelsWhole) return { whole: error.message }
    throw error
  } finally {
    await text.close()
  }
}

/** A patch that was seen to work. @throws {TravelsWhole} */
async function patchOf(parts: PatchParts, text: UnnamedFile): Promise<UnnamedFile> {
  const old = await baseText(parts.base)
  const patch = await UnnamedFile.open()
  let isKept = false
  try {
    await writePatch(patch, parts, text, old)
    await checkPatch(patch, old, parts.layer)
    isKept = true
    return patch
  } finally {
    await old.close()
    if (!isKept) await patch.close()
  }
}

interface PatchParts {
  readonly layer: LayerBytes
  readonly base: LayerBytes
  /** How the layer was compressed; null where it was not. */
  readonly gzip: Uint8Array | null
}

/** Writes the layer's text; gives how it was compressed, null where it was not. @throws {TravelsWhole} where that cannot be told */
async function takeApart(layer: LayerBytes, text: UnnamedFile): Promise<Uint8Array | null> {
  const bytes = await UnnamedFile.of(layer.open())
  try {
    const magic = bytes.read(0, 4)
    if (magic.length < 4) throw new TravelsWhole(NO_GAIN)
    if (magic.readUInt32LE(0) === 0xfd2fb528) {
      throw new TravelsWhole('it is compressed with zstd, which cannot be written again to the byte')
    }
    if (magic.readUInt16BE(0) !== 0x1f8b) {
      for (const chunk of bytes.chunks(CHUNK)) await text.append(chunk)
      return null
    }
    const chunks = bytes.chunks(CHUNK)
    const parts = describeGzip(() => chunks.next().value ?? undefined, { limit: MAX_DESCRIPTION })
    let next = parts.next()
    for (; !next.done; next = parts.next()) {
      await text.append(next.value)
      await setImmediate()
    }
    return zstdCompressSync(next.value.bytes)
  } catch (error) {
    if (!(error instanceof NotDeflate)) throw error
    throw new TravelsWhole(`its gzip cannot be written again to the byte: ${error.message}`)
  } finally {
    await bytes.close()
  }
}

async function baseText(base: LayerBytes): Promise<UnnamedFile> {
  try {
    return await readText(base)
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code !== 'UNSUPPORTED') throw error
    throw new TravelsWhole(`what it is to be made of cannot be used: ${error.message}`)
  }
}

/** What is not seen to work here is not sent. */
async function checkPatch(file: UnnamedFile, base: UnnamedFile, { digest, path }: LayerBytes): Promise<void> {
  const hash = createHash(splitDigest(digest).algorithm)
  try {
    const patch = parsePatch(file.read(0, MAX_HEAD), file.size, path)
    for await (const bytes of applyPatch({ patch, file, base }, path)) hash.update(bytes)
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code !== 'BUNDLE_INVALID') throw error
    throw new TravelsWhole(OTHER_BYTES)
  }
  if (hash.digest('hex') !== splitDigest(digest).hex) throw new TravelsWhole(OTHER_BYTES)
}

/** @throws {TravelsWhole} where the patch would be larger than the layer */
async function writePatch(
  patch: UnnamedFile,
  { layer, base, gzip }: PatchParts,
  text: UnnamedFile,
  old: UnnamedFile,
): Promise<void> {
  const body = await UnnamedFile.open()
  try {
    const segments = await writeSegments(body, text, old, layer.size)
    const [{ digest, size }, from] = [layer, { digest: base.digest, size: base.size }]
    const head = encodeHead({ layer: { digest, size }, base: from, gzip: gzip?.length ?? 0, segments })
    if (head.length > MAX_HEAD) throw new TravelsWhole('what a patch would say of it is too long')
    if (head.length + (gzip?.length ?? 0) + body.size >= layer.size) throw new TravelsWhole(NO_GAIN)
    await patch.append(head)
    if (gzip) await patch.append(gzip)
    for (const chunk of body.chunks(CHUNK)) await patch.append(chunk)
  } finally {
    await body.close()
  }
}

/** Writes the bytes of each segment behind each other, no more than a patch may be large. */
async function writeSegments(
  body: UnnamedFile,
  text: UnnamedFile,
  old: UnnamedFile,
  limit: number,
): Promise<PatchHead['segments']> {
  const planned = planSegments(text.size, entriesOf(text), { size: old.size, entries: entriesOf(old) })
  const index = new TextIndex(old)
  const segments: PatchHead['segments'][number][] = []
  for (const { offset, length, from: named } of planned) {
    const wanted = text.read(offset, length)
    const from = baseRanges(named, index.votesOf(wanted), old.size)
    const dictionary = Buffer.concat(from.map(([start, count]) => old.read(start, count)))
    const bytes = zstdCompressSync(wanted, {
      params: ZSTD,
      ...(dictionary.length > 0 && { dictionary }),
    })
    segments.push({ text: length, from, bytes: bytes.length })
    await body.append(bytes)
    if (body.size >= limit) break
    await setImmediate()
  }
  return segments
}
