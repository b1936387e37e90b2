import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkOutputPlace } from '../../disk/output-place.ts'
import { ExpectedError } from '../../errors.ts'
import { isAnyOf } from './kept-inputs.ts'

/** A report as its flag names it. */
export interface ReportFile {
  readonly flag: string
  readonly file: string
}

/** How each kind of report and page that we write begins: nothing else does. */
const OWN_BEGINNINGS = [
  /^<!doctype html>.{0,800}<title>nodeseed (?:audit|inspect|diff)<\/title>/s,
  /^\{\s*"\$schema": "https:\/\/json\.schemastore\.org\/sarif-2\.1\.0\.json",.{0,200}"driver": \{\s*"name": "nodeseed"/s,
  /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuite name="nodeseed audit" /,
]

/** Bytes that tell. */
const BEGINNING = 2048

/**
 * Makes sure, before any work is done for them, that reports can have their places: each one of its own, where nothing is
 * or a report that an earlier run wrote; with `force` any file, but none that this run reads.
 *
 * @throws {ExpectedError} USAGE, OUTPUT_EXISTS, INPUT_NOT_FOUND
 */
export async function checkReports(
  reports: readonly ReportFile[],
  { inputs, force }: { inputs: readonly string[]; force: boolean },
): Promise<void> {
  const flags = new Map<string, string>()
  for (const { flag, file } of reports) {
    const other = flags.get(resolve(file))
    if (other !== undefined) {
      throw new ExpectedError('USAGE', `--${other} and --${flag} name the same file: ${file}`, {
        hint: 'Give each report a file of its own.',
      })
    }
    flags.set(resolve(file), flag)
    const isOwn = await isOwnReport(file)
    if (!isOwn && (await isAnyOf(file, inputs))) {
      throw new ExpectedError('OUTPUT_EXISTS', `${file}: is an input of this run, or lies in one`, {
        hint: `Name another file with --${flag}; --force does not replace an input.`,
      })
    }
    await checkOutputPlace(file, { replace: true, isInPlace: true })
    if (force || isOwn || !(await isFile(file))) continue
    throw new ExpectedError('OUTPUT_EXISTS', `${file}: is there already, and no report of nodeseed`, {
      hint: `Name another file with --${flag}, or add --force to replace this one.`,
    })
  }
}

/** Whether there is a file that holds nothing, or one of our reports; what a link leads to is not ours. */
async function isOwnReport(file: string): Promise<boolean> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  )
  if (!handle) return false
  try {
    if (!(await handle.stat()).isFile()) return false
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0)
    const beginning = buffer.toString('utf8', 0, bytesRead)
    return bytesRead === 0 || OWN_BEGINNINGS.some((pattern) => pattern.test(beginning))
  } catch {
    return false
  } finally {
    await handle.close()
  }
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
