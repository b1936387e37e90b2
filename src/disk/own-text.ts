import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** What is no plain file must not hold up the run, as a pipe would. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** The text of a file of ours: a plain one without other names. Undefined where there is none, or it cannot be read. */
export async function readOwnText(path: string): Promise<string | undefined> {
  const handle = await open(path, FLAGS).catch(() => undefined)
  if (!handle) return undefined
  try {
    const stats = await handle.stat()
    return stats.isFile() && stats.nlink === 1 ? await handle.readFile('utf8') : undefined
  } catch {
    return undefined
  } finally {
    await handle.close()
  }
}
