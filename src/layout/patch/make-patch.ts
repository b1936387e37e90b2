import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { constants, zstdCompressSync } from 'node:zlib'
import { ExpectedError } from '../../errors.ts'
import { splitDigest } from '../../oci/digest.ts'
import { type Compression, compressionOf } from '../compressed/compression.ts'
import { UnnamedFile } from '../files/unnamed-file.ts'
import { applyPatch } from './apply-patch.ts'
import { collected, describeLayer } from './describe-layer.ts'
import { encodeHead, type PatchHead, parsePatch } from './layer-patch.ts'
import { entriesOf, type LayerBytes, OpenLayer } from './layer-text.ts'
import { MAX_HEAD } from './limits.ts'
import { type MadePatch, NO_GAIN, TravelsWhole } from './made-patch.ts'
import { baseRanges } from './match/base-ranges.ts'
import { planSegments } from './match/plan-segments.ts'
import { type SameRun, sameRuns } from './match/same-runs.ts'
import { TextIndex } from './match/text-index.ts'
import type { TextRange } from './match/text-range.ts'

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
 * @throws {ExpectedError} CONTENT_MISMATCH where one is damaged; DISK_FULL, DISK_ERROR; what reading throws
 */
export async function makePatch(layer: LayerBytes, base: LayerBytes): Promise<MadePatch> {
  let [now, old]: [OpenLayer?, OpenLayer?] = []
  try {
    now = await opened(layer, 'its text', ({ name }) => name === 'gzip')
    refuseUnwritable(now)
    old = await opened(base, 'the text that it is to be made of')
    return { patch: await patchOf({ layer, base, now, old }) }
  } catch (error) {
    if (error instanceof TravelsWhole) return { whole: error.message }
    throw error
  } finally {
    await now?.close()
    await old?.close()
  }
}

interface PatchParts {
  readonly layer: LayerBytes
  readonly base: LayerBytes
  /** The two of them. */
  readonly now: OpenLayer
  readonly old: OpenLayer
}

/** A patch that was seen to work. @throws {TravelsWhole} */
async function patchOf(parts: PatchParts): Promise<UnnamedFile> {
  const patch = await UnnamedFile.open()
  let isKept = false
  try {
    await writePatch(patch, parts)
    await checkPatch(patch, parts.old, parts.layer)
    isKept = true
    return patch
  } finally {
    if (!isKept) await patch.close()
  }
}

async function opened(
  layer: LayerBytes,
  what: string,
  unpacks?: (compression: Compression) => boolean,
): Promise<OpenLayer> {
  try {
    return await OpenLayer.open(layer, unpacks)
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code !== 'UNSUPPORTED') throw error
    throw new TravelsWhole(`${what} cannot be had: ${error.message}`)
  }
}

function refuseUnwritable({ bytes }: OpenLayer): void {
  if (compressionOf(bytes.read(0, 16))?.name !== 'zstd') return
  throw new TravelsWhole('it is compressed with zstd, which cannot be written again to the byte')
}

/** What is not seen to work here is not sent. */
async function checkPatch(file: UnnamedFile, base: OpenLayer, { digest, path }: LayerBytes): Promise<void> {
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
async function writePatch(patch: UnnamedFile, { layer, base, now, old }: PatchParts): Promise<void> {
  const index = new TextIndex(old.text)
  const same = await collected(sameRuns(now.text, old.text, index))
  const gzip = await describeLayer(now, old, same)
  const body = await UnnamedFile.open()
  try {
    const segments = await writeSegments(body, now.text, old.text, { index, same, limit: layer.size })
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
  { index, same, limit }: { index: TextIndex; same: readonly SameRun[]; limit: number },
): Promise<PatchHead['segments']> {
  const planned = planSegments(text.size, entriesOf(text), { size: old.size, entries: entriesOf(old) })
  const segments: PatchHead['segments'][number][] = []
  let run = 0
  for (const { offset, length, from: named } of planned) {
    while (run < same.length && same[run]!.end <= offset) run++
    const copied = rangeIn(same[run], offset, length)
    if (copied) {
      segments.push({ text: length, from: [copied], bytes: 0 })
      continue
    }
    const wanted = text.read(offset, length)
    const from = baseRanges(named, index.votesOf(wanted), old.size)
    const dictionary = Buffer.concat(from.map(([start, count]) => old.read(start, count)))
    const bytes = zstdCompressSync(wanted, { params: ZSTD, ...(dictionary.length > 0 && { dictionary }) })
    segments.push({ text: length, from, bytes: bytes.length })
    await body.append(bytes)
    if (body.size >= limit) break
    await setImmediate()
  }
  return segments
}

/** Where the other text has all of a piece, in one run. */
function rangeIn(run: SameRun | undefined, offset: number, length: number): TextRange | undefined {
  if (!run || run.start > offset || run.end < offset + length) return undefined
  return [run.there + offset - run.start, length]
}
