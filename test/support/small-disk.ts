import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './temporary.ts'

const run = promisify(execFile)

/** A disk of so many KiB, gone when the test ends. Needs root. */
export async function smallDisk(kib: number): Promise<string> {
  const directory = await temporaryDirectory()
  await run('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', directory])
  onTestFinished(async () => void (await run('umount', ['--lazy', directory])))
  return directory
}
