// Bytes that cross the gap in six updates: whole layers, layers as patches, images as a whole, and what zstd makes of the
// tars as the floor; what that takes; and how exactly each writer's layers are made again. Prints the tables of
// docs/performance.md. What it fetches from npm, PyPI, Debian and the Go module proxy stays in .cache/published.
//   npx node test/bench/patches.ts [--only LAYER]... [--part carry|replay] [--writer WRITER] [--directory DIRECTORY]
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareTools } from '../support/debian.ts'
import { type Carried, carry, sumOf, wholeImages } from './patches/carried.ts'
import { LAYERS, type LayerMonths, makeTars } from './patches/months.ts'
import { replay } from './patches/replayed.ts'
import { CARRIED_HEAD, carriedRow, megabytes, REPLAYED_HEAD, replayedRow } from './patches/tables.ts'
import { type LayerWriter, layerWriters } from './patches/writers.ts'

/** Layers that are made again for each writer: with the large ones too it would take an hour. */
const REPLAYED = ['Node', 'Python', 'Go binary as released']

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    part: { type: 'string' },
    writer: { type: 'string' },
    directory: { type: 'string', default: tmpdir() },
  },
})
const directory = await mkdtemp(join(flags.directory, 'nodeseed-bench-'))
const begun = performance.now()
setPriority(10)
try {
  await prepareTools()
  sayWhen()
  const writers = await layerWriters(directory)
  const writer = writers.find(({ name }) => name.startsWith(flags.writer ?? ''))
  if (!writer) throw new Error(`${flags.writer}: none of ${writers.map(({ name }) => name).join(', ')}`)
  if (flags.part !== 'replay') await carryAll(writer)
  if (flags.part !== 'carry') await replayAll(flags.writer ? [writer] : writers)
  console.log(`\n${((performance.now() - begun) / 60_000).toFixed(0)} minutes`)
  sayWhen()
} finally {
  await rm(directory, { recursive: true, force: true })
}

function sayWhen(): void {
  const load = loadavg()[0]?.toFixed(1)
  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, load ${load}`)
}

/** All months of all layers by one writer, a line for each layer. */
async function carryAll(writer: LayerWriter): Promise<void> {
  console.log(`\nAs ${writer.name} writes them:\n\n${CARRIED_HEAD}`)
  const all: { layer: LayerMonths; carried: Carried }[] = []
  for (const layer of LAYERS.filter(isWanted)) {
    const made = await withTars(layer, undefined, async (tars) => {
      const carried = await carry(tars, writer, directory)
      all.push({ layer, carried })
      return carriedRow(layer.name, carried)
    })
    console.log(made)
  }
  const goal = all.filter(({ layer }) => layer.inGoal).map(({ carried }) => carried)
  if (goal.length > 1) console.log(carriedRow('all but the Go binaries', sumOf(goal)))
  if (all.length > 1) console.log(carriedRow('all', sumOf(all.map(({ carried }) => carried))))
  if (flags.only === undefined) {
    const whole = wholeImages(all.map(({ carried }) => carried))
    console.log(`\nImages that changed, as a whole, all on the ${all[0]?.layer.name}: ${megabytes(whole)}`)
  }
}

/** Whether the layers of each writer are made again to the byte, and what that takes. */
async function replayAll(writers: readonly LayerWriter[]): Promise<void> {
  const wanted = flags.only ? isWanted : ({ name }: LayerMonths) => REPLAYED.some((known) => name.startsWith(known))
  const tars: string[] = []
  for (const layer of LAYERS.filter(wanted)) {
    const made = await makeTars(layer, join(directory, layer.name.replaceAll(/\W/g, '')), 1)
    tars.push(...made)
  }
  console.log(`\n${REPLAYED_HEAD}`)
  for (const writer of writers) {
    try {
      console.log(replayedRow(writer.name, await replay(writer, tars, directory)))
    } catch (error) {
      console.log(`| ${writer.name} | cannot be had here: ${firstLine(error)} |`)
    }
  }
}

/** What cannot be had is said, and left out. */
async function withTars(
  layer: LayerMonths,
  months: number | undefined,
  work: (tars: readonly string[]) => Promise<string>,
): Promise<string> {
  const place = join(directory, 'tars')
  let tars: string[]
  try {
    tars = await makeTars(layer, place, months)
  } catch (error) {
    return `| ${layer.name} | cannot be had here: ${firstLine(error)} |`
  }
  try {
    return await work(tars)
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

function isWanted({ name }: LayerMonths): boolean {
  return flags.only === undefined || flags.only.some((wanted) => name.startsWith(wanted))
}

function firstLine(error: unknown): string {
  return String((error as Error).message).split('\n')[0]!
}
