import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onEarlyEnd } from '../early-end.ts'
import { writeError } from '../errors.ts'

/**
 * Does something with a directory of this user's alone, which is gone afterwards, however the process ends.
 *
 * @throws {ExpectedError} DISK_FULL, DISK_ERROR, and what the work throws
 */
export async function inWorkDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-charts-')).catch((error) => {
    throw writeError(tmpdir(), error)
  })
  const forget = onEarlyEnd(() => rmSync(directory, { recursive: true, force: true }))
  try {
    return await work(directory)
  } catch (error) {
    throw writeError(directory, error)
  } finally {
    await rm(directory, { recursive: true, force: true })
    forget()
  }
}
