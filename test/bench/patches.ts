// Bytes that cross the gap each month: whole layers, layers as patches, images as a whole, and what zstd makes of the tars
// as the floor; and how exactly each writer's layers are made again.
//   npx node test/bench/patches.ts [DIRECTORY [replay|carry [LAYER]]]     (fetches published versions from npm, PyPI and Debian)
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { prepareTools } from '../support/debian.ts'
import type { Cost, Made, Replayed } from './patches/measured-patch.ts'
import { type LayerMonths, makeMonths } from './patches/months.ts'
import { type LayerWriter, layerWriters } from './patches/writers.ts'

const run = promisify(execFile)
const MEASURED = fileURLToPath(new URL('./patches/measured-patch.ts', import.meta.url))
/** What one layer takes over all months, in bytes and seconds. */
interface Months {
  readonly whole: number
  readonly patched: number
  readonly text: number
  readonly made: Cost
  readonly applied: Cost
  /** Of the layer in each month. */
  readonly sizes: readonly number[]
}

const directory = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'nodeseed-bench-'))
try {
  await prepareTools()
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`,
  )
  const writers = await layerWriters(directory)
  const layers = await makeMonths(directory, process.argv[4])
  const only = process.argv[3]
  if (only !== 'carry') for (const writer of writers) await replayAll(writer, layers)
  if (only !== 'replay') {
    for (const layer of layers) await sayFloor(layer)
    for (const writer of writers.slice(0, 2)) await carryAll(writer, layers)
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}

/** All months of all layers by one writer, a line for each layer and one for all. */
async function carryAll(writer: LayerWriter, layers: readonly LayerMonths[]): Promise<void> {
  console.log(`\n${writer.name}: layers that are new each month, whole and as patches`)
  const all: Months[] = []
  for (const layer of layers) {
    const months = await carry(layer, writer)
    all.push(months)
    console.log(`  ${layer.name}, ${layer.tars.length - 1} updates: ${describe(months)}`)
  }
  const sum = (of: (months: Months) => number) => all.reduce((total, months) => total + of(months), 0)
  const total = describe({
    whole: sum(({ whole }) => whole),
    patched: sum(({ patched }) => patched),
    text: sum(({ text }) => text),
    made: costOf(all.map(({ made }) => made)),
    applied: costOf(all.map(({ applied }) => applied)),
    sizes: [],
  })
  console.log(`  all of them: ${total}${layers.length > 1 ? `; images as a whole ${megabytes(wholeImages(all))}` : ''}`)
}

async function carry({ tars }: LayerMonths, writer: LayerWriter): Promise<Months> {
  const [old, now, patch] = ['old', 'now', 'patch'].map((name) => join(directory, name)) as [string, string, string]
  let [whole, patched, text] = [0, 0, 0]
  const [made, applied, sizes]: [Cost[], Cost[], number[]] = [[], [], []]
  for (const [month, tar] of tars.entries()) {
    await run('mv', ['-f', now, old]).catch(() => {})
    await writer.write(tar, now)
    const { size } = await stat(now)
    sizes.push(size)
    if (month === 0 || (await isSame(old, now))) continue
    const { bytes, ...cost } = await measured<Made>('make', old, now, patch)
    made.push(cost)
    if (bytes !== undefined) applied.push(await measured<Cost>('apply', old, now, patch))
    whole += size
    patched += bytes ?? size
    text += (await stat(tar)).size
  }
  return { whole, patched, text, made: costOf(made), applied: costOf(applied), sizes }
}

/** What goes where an image that changed is carried with all its layers, each once a month. */
function wholeImages(layers: readonly Months[]): number {
  const months = Math.max(...layers.map(({ sizes }) => sizes.length))
  let bytes = 0
  for (let month = 1; month < months; month++) {
    const isNew = ({ sizes }: Months) => month < sizes.length
    // Of every image.
    const base = layers[0]!
    const changed = layers.filter((layer) => layer !== base && (isNew(layer) || isNew(base)))
    const sizeNow = ({ sizes }: Months) => sizes[Math.min(month, sizes.length - 1)]!
    if (changed.length > 0) bytes += sizeNow(base)
    for (const layer of changed) bytes += sizeNow(layer)
  }
  return bytes
}

/** Whether the first layers of a writer are made again to the byte, and what that takes. */
async function replayAll(writer: LayerWriter, layers: readonly LayerMonths[]): Promise<void> {
  const file = join(directory, 'replayed')
  let [count, text, seconds, own] = [0, 0, 0, 0]
  const [policies, surprises, descriptions] = [new Set<string>(), [] as number[], [] as number[]]
  try {
    for (const { tars } of layers) {
      own += await writer.write(tars[0]!, file)
      const replayed = await measured<Replayed>('replay', file)
      text += replayed.text
      if (replayed.policy === undefined) continue
      count++
      policies.add(replayed.policy)
      surprises.push(replayed.surprises)
      descriptions.push(replayed.description)
      seconds += replayed.seconds
    }
  } catch (error) {
    return console.log(`  ${writer.name}: cannot be had here: ${(error as Error).message.split('\n')[0]}`)
  }
  const most = (values: number[]) => `${(100 * Math.max(0, ...values)).toFixed(3)} %`
  const rates =
    count > 0
      ? `${[...policies].join(', ')}; not foretold at most ${most(surprises)} of the tokens, description at most ${most(descriptions)} of the layer; made again at ${rate(text, seconds)}, where the writer itself takes ${rate(text, own)}`
      : 'travel whole'
  console.log(`  ${writer.name}: ${count} of ${layers.length} layers made again; ${rates}`)
}

/** Of the tars themselves, which no registry would take for its layers. */
async function sayFloor({ name, tars }: LayerMonths): Promise<void> {
  let bytes = 0
  const file = join(directory, 'floor')
  for (const [index, tar] of tars.slice(1).entries()) {
    await run('zstd', ['-q', '-f', '-12', '--long=30', `--patch-from=${tars[index]}`, tar, '-o', file])
    bytes += (await stat(file)).size
  }
  console.log(`  ${name}: zstd -12 --patch-from on the tars ${megabytes(bytes)}`)
}

function describe({ whole, patched, text, made, applied }: Months): string {
  const costs = `made at ${rate(text, made.seconds)} in ${megabytes(made.memory)}, applied at ${rate(text, applied.seconds)} in ${megabytes(applied.memory)}`
  return `${megabytes(whole)} → ${megabytes(patched)}, ${(patched / whole).toFixed(3)} of it; ${costs}`
}

function costOf(costs: readonly Cost[]): Cost {
  return {
    seconds: costs.reduce((sum, { seconds }) => sum + seconds, 0),
    memory: Math.max(0, ...costs.map(({ memory }) => memory)),
  }
}

async function isSame(one: string, other: string): Promise<boolean> {
  return run('cmp', ['-s', one, other]).then(
    () => true,
    () => false,
  )
}

async function measured<T>(...args: string[]): Promise<T> {
  return JSON.parse((await run(process.execPath, [MEASURED, ...args])).stdout) as T
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Of text and processor time. */
function rate(text: number, seconds: number): string {
  return `${(text / 1e6 / seconds).toFixed(1)} MB/s`
}
