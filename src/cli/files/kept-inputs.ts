import { realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { readOwnFiles } from '../../disk/own-files.ts'
import { ExpectedError } from '../../errors.ts'
import { findParts } from '../../layout/files/part-name.ts'

/** What a command reads: its inputs, and all flags but those that name what it writes. */
interface Read {
  readonly inputs: readonly string[]
  readonly flags: Readonly<Record<string, unknown>>
}

/** Flags that name what is written. */
const OUTPUTS = new Set(['output', 'image-map'])

/**
 * Makes sure, before any work is done for it, that a file which may be replaced is none that this run reads: named as an
 * input or with any flag, or below a directory that is. With `isOwn`, what the command itself makes such files of, an
 * earlier output may lie in a directory among the inputs.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS
 */
export async function keepInputs(output: string, read: Read, { isOwn = false } = {}): Promise<void> {
  const named = (await Promise.all(namedIn(read).map(findParts))).flat()
  const files = isOwn ? await withoutDirectories(named) : named
  for (const file of await findParts(output)) if (await isAnyOf(file, files)) throw isInput(file)
}

/**
 * The same for a directory that is replaced as a whole: nothing that is read may be among what an earlier run wrote in it;
 * files of others in it stay.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS
 */
export async function keepInputsIn(directory: string, read: Read): Promise<void> {
  const own = await readOwnFiles(directory)
  if (!own) return
  const root = await realpath(directory)
  for (const path of namedIn(read)) {
    const place = await realpath(path).catch(() => undefined)
    if (place === undefined) continue
    const inside = relative(root, place)
    const isReplaced = inside === '' || [...own.keys()].some((name) => name === inside || name.startsWith(`${inside}/`))
    if (isReplaced) throw isInput(inside === '' ? directory : join(directory, inside))
  }
}

/** Whether a file is one of the inputs, by whatever name, or lies below one that is a directory. */
export async function isAnyOf(file: string, inputs: readonly string[]): Promise<boolean> {
  const target = await stat(file).catch(() => undefined)
  if (!target) return false
  const place = await realpath(file)
  for (const input of inputs) {
    const found = await stat(input).catch(() => undefined)
    if (!found) continue
    if (found.dev === target.dev && found.ino === target.ino) return true
    if (found.isDirectory() && place.startsWith(`${(await realpath(input)).replace(/\/$/, '')}${sep}`)) return true
  }
  return false
}

/** Texts of all flags, also what stands behind `NAME=`: what of it is no file is nothing that could be lost. */
function namedIn({ inputs, flags }: Read): string[] {
  const values = Object.entries(flags).flatMap(([flag, value]) => (OUTPUTS.has(flag) ? [] : value))
  const texts = values.filter((value) => typeof value === 'string')
  const behind = texts.filter((text) => text.includes('=')).map((text) => text.slice(text.indexOf('=') + 1))
  return [...inputs, ...texts, ...behind].filter((path) => path !== '' && path !== '-')
}

async function withoutDirectories(paths: readonly string[]): Promise<string[]> {
  const kept = await Promise.all(paths.map(async (path) => !(await stat(path).catch(() => undefined))?.isDirectory()))
  return paths.filter((_, at) => kept[at])
}

function isInput(file: string): ExpectedError {
  return new ExpectedError('OUTPUT_EXISTS', `${file}: is an input of this run, or lies in one`, {
    hint: 'Write to another place; --force does not replace an input.',
  })
}
