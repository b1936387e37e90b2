import { randomInt } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runCli } from '../support/cli.ts'
import { runInjected } from '../support/injected.ts'
import { runs } from '../support/property.ts'

/** System calls that change what is on the disk: a kill matters before each of them, and nowhere else. */
const CHANGES = 'pwrite64,fsync,fdatasync,ftruncate,rename,renameat,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir'

/** In a long run; a command makes fewer such calls, or not many more. */
const MOST_KILLS = 40

/** Every file by its name below a directory, and its content. */
export type Files = Readonly<Record<string, string>>

export interface Writing {
  /** Writes below `written`. */
  readonly args: readonly string[]
  /** About how many calls a run makes that change the disk. */
  readonly calls: number
  /** Whether what a killed run left is as it may be; the old or the new whole where it is not said. */
  readonly isAllowed?: (files: Files, before: Files, after: Files) => boolean
  /** What the last run may end with: 0 or 4 where it is not said. */
  readonly ends?: readonly number[]
}

/** What a user sees below a directory: without what is still being written. */
async function seen(directory: string): Promise<Files> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const shown = files.filter((file) => !/\.partial|\/\.nodeseed-[0-9a-f]{12}\./.test(file)).sort()
  return Object.fromEntries(
    await Promise.all(shown.map(async (file) => [file.slice(directory.length + 1), await readFile(file, 'latin1')])),
  )
}

/** Whether a reader takes it for nothing: a directory between its two names, or parts without the first. */
function isNothing(files: Files): boolean {
  const names = Object.keys(files)
  return names.length === 0 || (names.every((file) => /\.part\d{3}$/.test(file)) && !('out.tar.part001' in files))
}

function isOldOrNew(files: Files, before: Files, after: Files): boolean {
  if (isNothing(files)) return true
  expect([before, after]).toContainEqual(files)
  return true
}

/**
 * Kills a command at calls that change the disk, again and again, and lets it run to its end. Gives what is there then,
 * when every state in between was allowed and nothing of ours is left beside it.
 */
export async function killedAndEnded(written: string, writing: Writing): Promise<Files> {
  const { args, calls, isAllowed = isOldOrNew, ends = [0, 4] } = writing
  const before = await seen(written)
  const states = []
  for (let run = 0; run < Math.min(runs(5), MOST_KILLS); run++) {
    // The first one is sure to be killed; a run that was not leaves the next ones nothing to do.
    const when = run === 0 ? '1' : `${randomInt(1, calls + 1)}`
    const { signal } = await runInjected(args, { calls: CHANGES, effect: 'signal=SIGKILL', when })
    states.push({ when, signal, files: await seen(written) })
  }
  const { exitCode, stderr } = await runCli([...args])
  expect(ends, stderr).toContain(exitCode)
  const after = await seen(written)
  expect(after).not.toEqual(before)
  expect(states.some(({ signal }) => signal === 'SIGKILL')).toBe(true)
  for (const { when, files } of states) {
    expect(isAllowed(files, before, after), `killed at ${when}: ${Object.keys(files)}`).toBe(true)
  }
  const names = await readdir(written)
  expect(names.filter((file) => /\.partial|^\.nodeseed-[0-9a-f]{12}\./.test(file))).toEqual([])
  return after
}
