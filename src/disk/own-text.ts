import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** What is no plain file must not hold up the run, as a pipe would. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * The text of a file of ours, which is no link. One that is written to later must have no other name either. Undefined
 * where there is none, or it cannot be read.
 */
export async function readOwnText(path: string, { mayHaveNames = false } = {}): Promise<string | undefined> {
  const handle = await open(path, FLAGS).catch(() => undefined)
  if (!handle) return undefined
  try {
    const stats = await handle.stat()
    return stats.isFile() && (mayHaveNames || stats.nlink === 1) ? await handle.readFile('utf8') : undefined
  } catch {
    return undefined
  } finally {
    await handle.close()
  }
}
