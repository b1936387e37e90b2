import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './temporary.ts'

const run = promisify(execFile)

/** A disk of so many KiB, at a place of its own or the one that is named, gone when the test ends. Needs root. */
export async function smallDisk(kib: number, place?: string): Promise<string> {
  const directory = place ?? (await temporaryDirectory())
  await mkdir(directory, { recursive: true })
  await run('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', directory])
  onTestFinished(async () => void (await run('umount', ['--lazy', directory])))
  return directory
}
