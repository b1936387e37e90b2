// Bytes that cross the gap each month: whole layers, layers as patches, and what zstd makes of the tars as the floor.
//   npx node test/bench/patches.ts [DIRECTORY]     (fetches published versions from npm, PyPI and Debian)
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describeGzip } from '../../src/deflate/describe-gzip.ts'
import { blobOf } from '../layout/blob-of.ts'
import { appliedPatch, patchBytes } from '../layout/patch-bytes.ts'
import { buildGoGzip, type LayerMonths, makeMonths } from './patches/months.ts'

type Writer = readonly [name: string, write: (tar: string) => Promise<Buffer>]

const run = promisify(execFile)
const PYTHON_ZLIB =
  'import zlib,sys;c=zlib.compressobj(6,8,31);sys.stdout.buffer.write(c.compress(sys.stdin.buffer.read())+c.flush())'
const LIMIT = { encoding: 'buffer', maxBuffer: 2 ** 31 } as const

const base = process.argv[2] ?? tmpdir()
const directory = await mkdtemp(join(base, 'nodeseed-bench-'))
try {
  const go = await buildGoGzip(directory)
  const writers: Writer[] = [
    ['gzip', (tar) => through(`gzip -nc ${tar}`)],
    ['pigz', (tar) => through(`pigz -nc ${tar}`)],
    ['zlib of Python', (tar) => through(`python3 -c '${PYTHON_ZLIB}' < ${tar}`)],
    ['zlib of Node', async (tar) => gzipSync(await readFile(tar))],
  ]
  if (go) writers.unshift(['Go (docker, BuildKit)', (tar) => through(`${go} < ${tar}`)])
  const layers = await makeMonths(directory)
  const [first] = writers
  for (const layer of layers) await months(layer, first!)
  const [shown] = layers
  if (shown) for (const writer of writers) await replay(shown, writer)
  console.log(
    `most memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB, this program with all that it compares`,
  )
} finally {
  await rm(directory, { recursive: true, force: true })
}

/** One line for each layer: what all its months take. */
async function months({ name, tars }: LayerMonths, [writer, write]: Writer): Promise<void> {
  let [whole, patched, floor, made, applied, text] = [0, 0, 0, 0, 0, 0]
  let old = await write(tars[0]!)
  for (const [index, tar] of tars.slice(1).entries()) {
    const now = await write(tar)
    if (now.equals(old)) continue
    const [patch, makeSeconds] = await timed(() => patchBytes(blobOf(now), blobOf(old)))
    const [, applySeconds] = await timed(() => (patch ? apply(patch, old, now) : Promise.resolve()))
    whole += now.length
    patched += patch?.length ?? now.length
    floor += await patchFrom(tars[index]!, tar)
    made += makeSeconds
    applied += applySeconds
    text += (await stat(tar)).size
    old = now
  }
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  const ratio = (patched / whole).toFixed(3)
  console.log(
    `${name}, written by ${writer}: whole ${megabytes(whole)}, patches ${megabytes(patched)}: ${ratio} of it; zstd --patch-from on the tars ${megabytes(floor)}`,
  )
  console.log(
    `  made at ${(text / 1e6 / made).toFixed(1)} MB/s, applied at ${(text / 1e6 / applied).toFixed(1)} MB/s of text and processor time`,
  )
}

/** How much of a layer its description takes, by writer. */
async function replay({ name, tars }: LayerMonths, [writer, write]: Writer): Promise<void> {
  const layer = await write(tars[0]!).catch(() => undefined)
  if (!layer) return console.log(`  ${writer}: not to be had here`)
  let [given, isGiven] = [layer as Buffer | undefined, false]
  const parts = describeGzip(() => {
    const bytes = isGiven ? undefined : given
    ;[given, isGiven] = [undefined, true]
    return bytes
  })
  let next = parts.next()
  while (!next.done) next = parts.next()
  const { policy, bytes, surprises, tokens } = next.value
  const right = (100 * (1 - surprises / tokens)).toFixed(2)
  console.log(
    `  ${name} by ${writer}: ${policy}, ${right} % of tokens foretold, description ${((100 * bytes.length) / layer.length).toFixed(2)} % of the layer`,
  )
}

async function apply(patch: Uint8Array, old: Buffer, now: Buffer): Promise<void> {
  if (!(await appliedPatch(patch, blobOf(old))).equals(now)) throw new Error('a patch that does not fit')
}

async function patchFrom(old: string, tar: string): Promise<number> {
  const file = `${tar}.zst`
  await run('zstd', ['-q', '-f', '-12', '--long=30', `--patch-from=${old}`, tar, '-o', file])
  const { size } = await stat(file)
  await rm(file)
  return size
}

async function through(command: string): Promise<Buffer> {
  return (await run('sh', ['-c', command], LIMIT)).stdout
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return [result, (user + system) / 1e6]
}
