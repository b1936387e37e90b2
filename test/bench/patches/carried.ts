import { execFile } from 'node:child_process'
import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Cost, Made } from './measured-patch.ts'
import type { LayerWriter } from './writers.ts'

const run = promisify(execFile)
const MEASURED = fileURLToPath(new URL('./measured-patch.ts', import.meta.url))

/** What one layer takes over all months, in bytes and seconds. */
export interface Carried {
  readonly updates: number
  /** Updates whose patch was not smaller, or could not be made: the layer goes as it is. */
  readonly asWhole: number
  readonly whole: number
  readonly patched: number
  /** What zstd makes of the tars, which gives no registry's bytes. */
  readonly floor: number
  readonly text: number
  readonly appliedText: number
  readonly made: Cost
  readonly applied: Cost
  /** Of the layer in each month. */
  readonly sizes: readonly number[]
}

/** Carries a layer over all its months: each new one as a patch of the one before. */
export async function carry(tars: readonly string[], writer: LayerWriter, directory: string): Promise<Carried> {
  const [old, now, patch, floorFile] = ['old', 'now', 'patch', 'floor'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
    string,
  ]
  let [updates, asWhole, whole, patched, floor, text, appliedText] = [0, 0, 0, 0, 0, 0, 0]
  const [made, applied, sizes]: [Cost[], Cost[], number[]] = [[], [], []]
  for (const [month, tar] of tars.entries()) {
    if (month > 0) await rename(now, old)
    await writer.write(tar, now)
    const { size } = await stat(now)
    sizes.push(size)
    if (month === 0 || (await isSame(old, now))) continue
    const { bytes, ...cost } = await measured<Made>('make', old, now, patch)
    if (bytes !== undefined && bytes >= size) throw new Error(`${tar}: a patch of ${bytes} bytes for ${size}`)
    made.push(cost)
    if (bytes === undefined) asWhole++
    else {
      applied.push(await measured<Cost>('apply', old, now, patch))
      appliedText += (await stat(tar)).size
    }
    updates++
    whole += size
    patched += bytes ?? size
    text += (await stat(tar)).size
    await run('zstd', ['-q', '-f', '-12', '--long=30', `--patch-from=${tars[month - 1]}`, tar, '-o', floorFile])
    floor += (await stat(floorFile)).size
  }
  const costs = { made: sumOfCosts(made), applied: sumOfCosts(applied) }
  return { updates, asWhole, whole, patched, floor, text, appliedText, ...costs, sizes }
}

/** All of them as one. */
export function sumOf(all: readonly Carried[]): Carried {
  const sum = (of: (carried: Carried) => number) => all.reduce((total, carried) => total + of(carried), 0)
  return {
    updates: sum(({ updates }) => updates),
    asWhole: sum(({ asWhole }) => asWhole),
    whole: sum(({ whole }) => whole),
    patched: sum(({ patched }) => patched),
    floor: sum(({ floor }) => floor),
    text: sum(({ text }) => text),
    appliedText: sum(({ appliedText }) => appliedText),
    made: sumOfCosts(all.map(({ made }) => made)),
    applied: sumOfCosts(all.map(({ applied }) => applied)),
    sizes: [],
  }
}

/** What goes where an image that changed is carried with all its layers, each once a month; the first is the base of all. */
export function wholeImages(layers: readonly Carried[]): number {
  const months = Math.max(...layers.map(({ sizes }) => sizes.length))
  const [base, ...images] = layers as [Carried, ...Carried[]]
  const sizeIn = ({ sizes }: Carried, month: number) => sizes[Math.min(month, sizes.length - 1)]!
  let bytes = 0
  for (let month = 1; month < months; month++) {
    const isNew = ({ sizes }: Carried) => month < sizes.length
    const changed = images.filter((image) => isNew(image) || isNew(base))
    if (changed.length > 0 || isNew(base)) bytes += sizeIn(base, month)
    for (const image of changed) bytes += sizeIn(image, month)
  }
  return bytes
}

/** Runs one step in a process of its own. */
export async function measured<T>(...args: string[]): Promise<T> {
  return JSON.parse((await run(process.execPath, [MEASURED, ...args])).stdout) as T
}

function sumOfCosts(costs: readonly Cost[]): Cost {
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
