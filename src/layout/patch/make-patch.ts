import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { constants, zstdCompressSync } from 'node:zlib'
import { describeGzip } from '../../deflate/describe-gzip.ts'
import { NotDeflate } from '../../deflate/stream/not-deflate.ts'
import { ExpectedError } from '../../errors.ts'
import { splitDigest } from '../../oci/digest.ts'
import { UnnamedFile } from '../files/unnamed-file.ts'
import { applyPatch } from './apply-patch.ts'
import { encodePatch, type PatchSegment, parsePatch } from './layer-patch.ts'
import { entriesOf, type LayerBytes, readText } from './layer-text.ts'
import { MAX_PATCH } from './limits.ts'
import { planSegments } from './plan-segments.ts'

/** Found by trying: stronger levels take ten times as long, other tables need more memory than they save bytes. */
const ZSTD = {
  [constants.ZSTD_c_compressionLevel]: 12,
  [constants.ZSTD_c_windowLog]: 26,
  [constants.ZSTD_c_hashLog]: 22,
  [constants.ZSTD_c_chainLog]: 23,
}
const CHUNK = 1 << 20

/**
 * The patch that makes a layer of another one, as bytes; undefined where the layer itself is smaller, or cannot be made
 * again to the byte: one that is compressed by zstd, or by nothing that is known; or where the base cannot be unpacked.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH where the base is damaged; DISK_FULL, DISK_ERROR; what reading throws
 */
export async function makePatch(layer: LayerBytes, base: LayerBytes): Promise<Uint8Array | undefined> {
  const text = await UnnamedFile.open()
  try {
    const gzip = await takeApart(layer, text)
    if (gzip === undefined) return undefined
    const old = await baseText(base)
    if (!old) return undefined
    try {
      const segments = await makeSegments(text, old, layer.size)
      if (!segments) return undefined
      const [{ digest, size }, from] = [layer, { digest: base.digest, size: base.size }]
      const patch = encodePatch({ layer: { digest, size }, base: from, gzip: gzip ?? undefined, segments })
      if (patch.length >= Math.min(layer.size, MAX_PATCH)) return undefined
      return (await makesLayer(patch, old, layer)) ? patch : undefined
    } finally {
      await old.close()
    }
  } finally {
    await text.close()
  }
}

/** Writes the layer's text; gives how it was compressed, null where it was not, undefined where that cannot be told. */
async function takeApart(layer: LayerBytes, text: UnnamedFile): Promise<Uint8Array | null | undefined> {
  const bytes = await UnnamedFile.of(layer.open())
  try {
    const magic = bytes.read(0, 4)
    if (magic.readUInt32LE(0) === 0xfd2fb528) return undefined
    if (magic.readUInt16BE(0) !== 0x1f8b) {
      for (const chunk of bytes.chunks(CHUNK)) await text.append(chunk)
      return null
    }
    const chunks = bytes.chunks(CHUNK)
    const parts = describeGzip(() => chunks.next().value ?? undefined)
    let next = parts.next()
    for (; !next.done; next = parts.next()) {
      await text.append(next.value)
      await setImmediate()
    }
    return zstdCompressSync(next.value.bytes)
  } catch (error) {
    if (error instanceof NotDeflate) return undefined
    throw error
  } finally {
    await bytes.close()
  }
}

async function baseText(base: LayerBytes): Promise<UnnamedFile | undefined> {
  try {
    return await readText(base)
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'UNSUPPORTED') return undefined
    throw error
  }
}

/** What is not seen to work here is not sent. */
async function makesLayer(patch: Uint8Array, old: UnnamedFile, { digest, path }: LayerBytes): Promise<boolean> {
  const hash = createHash(splitDigest(digest).algorithm)
  try {
    for await (const bytes of applyPatch(parsePatch(patch, path), old, path)) hash.update(bytes)
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'BUNDLE_INVALID') return false
    throw error
  }
  return hash.digest('hex') === splitDigest(digest).hex
}

async function makeSegments(text: UnnamedFile, old: UnnamedFile, limit: number): Promise<PatchSegment[] | undefined> {
  const planned = planSegments(text.size, entriesOf(text), { size: old.size, entries: entriesOf(old) })
  const segments: PatchSegment[] = []
  let size = 0
  for (const { offset, length, from } of planned) {
    const dictionary = Buffer.concat(from.map(([start, count]) => old.read(start, count)))
    const bytes = zstdCompressSync(text.read(offset, length), {
      params: ZSTD,
      ...(dictionary.length > 0 && { dictionary }),
    })
    segments.push({ text: length, from, bytes })
    size += bytes.length
    if (size > limit) return undefined
    await setImmediate()
  }
  return segments
}
