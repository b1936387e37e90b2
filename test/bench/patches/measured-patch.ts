// Makes or applies one patch in a process of its own, so that what it takes can be told; prints that as JSON.
//   make BASE LAYER PATCH | apply BASE LAYER PATCH | replay LAYER
import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { describeGzip } from '../../../src/deflate/describe-gzip.ts'
import { rebuildGzip } from '../../../src/deflate/rebuild-gzip.ts'
import { NotDeflate } from '../../../src/deflate/stream/not-deflate.ts'
import { UnnamedFile } from '../../../src/layout/files/unnamed-file.ts'
import { applyPatch } from '../../../src/layout/patch/apply-patch.ts'
import { parsePatch } from '../../../src/layout/patch/layer-patch.ts'
import { type LayerBytes, OpenLayer } from '../../../src/layout/patch/layer-text.ts'
import { MAX_DESCRIPTION, MAX_HEAD } from '../../../src/layout/patch/limits.ts'
import { makePatch } from '../../../src/layout/patch/make-patch.ts'
import { hashChunks } from '../../../src/oci/digest.ts'

const CHUNK = 1 << 20

/** What a step took: processor time in seconds, and the most memory in bytes. */
export interface Cost {
  readonly seconds: number
  readonly memory: number
}

/** `bytes` is nothing where no patch is smaller. */
export type Made = Cost & { readonly bytes: number | undefined }

/** `policy` is nothing where the layer cannot be described. */
export type Replayed = Cost & {
  readonly policy: string | undefined
  /** Share of the tokens that were not foretold, and of the layer that its description takes. */
  readonly surprises: number
  readonly description: number
  readonly text: number
}

const [what, ...files] = process.argv.slice(2)
if (what === 'make') console.log(JSON.stringify(await make(files[0]!, files[1]!, files[2]!)))
else if (what === 'apply') console.log(JSON.stringify(await apply(files[0]!, files[1]!, files[2]!)))
else if (what === 'replay') console.log(JSON.stringify(replay(await readFile(files[0]!))))

async function make(base: string, layer: string, patch: string): Promise<Made> {
  const blobs = [await blobAt(layer), await blobAt(base)] as const
  const cost = startCost()
  const result = await makePatch(...blobs)
  const took = cost()
  const made = 'patch' in result ? result.patch : undefined
  await rm(patch, { force: true })
  if (made) {
    const file = await open(patch, 'w')
    for (const chunk of made.chunks(CHUNK)) await file.write(chunk)
    for (const open of [file, made]) await open.close()
  }
  return { ...took, bytes: made?.size }
}

async function apply(base: string, layer: string, path: string): Promise<Cost> {
  const [from, expected] = [await blobAt(base), await blobAt(layer)]
  const file = await UnnamedFile.of(createReadStream(path, { highWaterMark: CHUNK }))
  const cost = startCost()
  const patch = parsePatch(file.read(0, MAX_HEAD), file.size, path)
  const opened = await OpenLayer.open(from)
  const actual = await hashChunks(applyPatch({ patch, file, base: opened }, path), 'sha256')
  for (const open of [opened, file]) await open.close()
  if (actual !== expected.digest) throw new Error(`${layer}: made ${actual}`)
  return cost()
}

/** Takes a layer apart, and makes it again: `seconds` is what the second takes. */
function replay(layer: Buffer): Replayed {
  const pieces: Uint8Array[] = []
  try {
    const parts = describeGzip(once(layer), { limit: MAX_DESCRIPTION })
    let next = parts.next()
    for (; !next.done; next = parts.next()) pieces.push(next.value)
    const { policy, bytes, surprises, tokens } = next.value
    const [cost, hash] = [startCost(), createHash('sha256')]
    const text = pieces.reduce((sum, piece) => sum + piece.length, 0)
    for (const piece of rebuildGzip(bytes, () => pieces.shift())) hash.update(piece)
    if (!hash.digest().equals(createHash('sha256').update(layer).digest())) throw new Error('other bytes')
    return { ...cost(), policy, surprises: surprises / tokens, description: bytes.length / layer.length, text }
  } catch (error) {
    if (!(error instanceof NotDeflate)) throw error
    return { seconds: 0, memory: 0, policy: undefined, surprises: 1, description: 1, text: 0 }
  }
}

async function blobAt(path: string): Promise<LayerBytes> {
  const stream = () => createReadStream(path, { highWaterMark: CHUNK })
  return { digest: await hashChunks(stream(), 'sha256'), size: statSync(path).size, path, open: stream }
}

function startCost(): () => Cost {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { seconds: (user + system) / 1e6, memory: process.resourceUsage().maxRSS * 1024 }
  }
}

function once(bytes: Uint8Array): () => Uint8Array | undefined {
  let given: Uint8Array | undefined = bytes
  return () => {
    const next = given
    given = undefined
    return next
  }
}
