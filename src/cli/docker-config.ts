import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ExpectedError } from '../errors.ts'

/** Docker's config.json of this user, from `DOCKER_CONFIG` or the home directory; empty when there is none. */
export async function readDockerConfig(): Promise<object> {
  const path = join(process.env.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json')
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    const problem = cause instanceof SyntaxError ? 'not JSON' : String((cause as NodeJS.ErrnoException).code)
    throw new ExpectedError('INPUT_UNREADABLE', `${path}: credentials cannot be read: ${problem}`)
  }
  throw new ExpectedError('INPUT_UNREADABLE', `${path}: credentials cannot be read: not an object`)
}
