import { lstat, rename, rm } from 'node:fs/promises'
import { outputExists } from '../disk/output-place.ts'
import { digestOf } from '../oci/digest.ts'
import { openBundle } from './bundle-file.ts'
import { beginsAsBundle } from './bundle-plan.ts'
import { ByteFile } from './files/byte-file.ts'
import { findParts, isThere, partName, partsBeside } from './files/part-name.ts'
import { namesOf, type Shape } from './files/parted-file.ts'
import type { JournalRecord } from './journal.ts'

/**
 * The files that a bundle of this shape takes the place of: those of a bundle that has the name, also where an earlier
 * run was killed while it replaced that.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS where a reader would take a file of somebody for a part, or what is no file has
 *   the name of one.
 */
export async function replacedFiles(path: string, shape: Shape, before: readonly string[] = []): Promise<string[]> {
  const beside = await partsBeside(path)
  const own = new Set([...(await ownParts(path)), ...before])
  const names = new Set(namesOf(path, shape))
  const foreign = beside.find((name) => !own.has(name) && !names.has(name))
  if (foreign !== undefined && shape.partSize !== undefined) {
    throw outputExists(foreign, 'It would be read as a part, and no bundle that is there has it. Move it away.')
  }
  for (const name of names) {
    const found = await lstat(name).catch(() => undefined)
    if (found && !found.isFile()) throw outputExists(name, 'It is no file. Move it away, or write to another file.')
  }
  const whole = (await isThere(path)) ? [path] : []
  return [...whole, ...beside.filter((name) => own.has(name) || names.has(name))]
}

/** The parts of a bundle, be it whole or damaged; none where the first begins as something else. */
async function ownParts(path: string): Promise<string[]> {
  const [first] = await partsBeside(path)
  if (first === undefined || first !== partName(path, 0)) return []
  const file = await ByteFile.open(first).catch(() => undefined)
  const isBundle = await (file && beginsAsBundle(file).catch(() => false))
  await file?.close()
  return isBundle ? partsInRow(path) : []
}

async function partsInRow(path: string): Promise<string[]> {
  const beside = await partsBeside(path)
  const end = beside.findIndex((name, index) => name !== partName(path, index))
  return end === -1 ? beside : beside.slice(0, end)
}

/**
 * Ends what a run that was killed had begun when it gave files their names: where all have theirs, what they replace
 * goes; else they get their temporary names back, for a run that goes on.
 */
export async function settlePublishing(partial: string, path: string, record: JournalRecord): Promise<void> {
  const { plan, publishing } = record
  if (publishing === undefined) return
  const { parts, old } = publishing
  const names = Array.from({ length: parts }, (_, index) => partName(path, index))
  if (await isThere((await findParts(partial))[0]!)) {
    for (const [index, to] of names.entries()) {
      const from = partName(partial, index)
      if (!(await isThere(from)) && (await isThere(to))) await rename(to, from)
    }
    return
  }
  const published = await openBundle(names[0] ?? path).catch(() => undefined)
  await published?.close()
  if (!published || !plan.startsWith(digestOf(published.index))) return
  const mayGo = new Set([path, ...(await partsBeside(path))])
  const kept = new Set(parts === 0 ? [path] : names)
  for (const name of old) if (mayGo.has(name) && !kept.has(name)) await rm(name, { force: true })
}
